"""Why a contact is handed to people, in the conversation's language.

The record of a run (`Trace.why`) is in English, for whoever builds flows. What agents read beside the summary, which is
in the conversation's language too, is made of it here. `session.consent` knows the words for a mood again, to delete them.
"""

from __future__ import annotations

import re

from session.consent import MOOD_REASON, MOOD_REASON_ZH

_ZH = {
    MOOD_REASON: MOOD_REASON_ZH,
    "asked for a person": "客户要求人工服务",
    "asked to be called back": "客户要求回电",
    "the model asks for a person": "模型判断需要人工",
    "no progress": "对话没有进展",
    "{} turns": "对话已进行{0}轮",
    "everything is known": "信息已收集齐",
    "the call lasted too long": "通话时间过长",
    "the caller hung up": "客户挂断",
    "the caller spoke meanwhile": "客户插话",
    "interrupted by a sound without words": "被无语音的声响打断",
    "could not be spoken": "未能播报",
    "resumed after a restart": "重启后继续",
    "said": "已说出",
    "said {}": "客户回答“{0}”",
    "said, understood as {}": "客户口述，理解为“{0}”",
    "key": "客户按键选择",
    "pressed {}": "客户按了{0}键",
    "no answer": "客户没有回应",
    "no answer was given": "客户没有作答",
    "no clear answer": "客户没有明确回答",
    "a key that means nothing here": "客户按了无效的键",
    "a key without a meaning": "客户按了无效的键",
    "a key without an option": "客户按了无效的键",
    "the answer fits nothing": "客户的回答不在选项之内",
    "the answer fits no option": "客户的回答不在选项之内",
    "answered before": "客户此前已回答",
    "not understood": "没有听懂客户的意思",
    "understood with {}": "已理解客户意图（把握{0}）",
    "no article fits": "没有合适的知识条目",
    "article {}": "已告知知识条目{0}",
    "article {} was given before": "知识条目{0}此前已告知过",
    "article {} fits with {}": "知识条目{0}相符（{1}）",
    "no {} in the answer": "回答中没有所问的内容（{0}）",
    "wrong number of digits": "数字位数不对",
    "not confirmed": "客户没有确认",
    "confirmed": "客户已确认",
    "confirmed by key": "客户已按键确认",
    "given": "客户已提供",
    "wrong {} {} times": "{0}答错{1}次",
    "too many wrong answers before": "此前答错次数过多",
    "too many wrong answers meanwhile": "期间答错次数过多",
    "too many wrong answers over several calls": "多次来电答错次数过多",
    "there is no such customer any more": "该客户已不存在",
    "the customer directory cannot be reached": "客户资料暂时无法查询",
    "a factor that is needed cannot be used now": "所需的验证方式暂不可用",
    "what is left to ask does not give the level": "剩余的验证方式达不到所需级别",
    "level {} is needed, and the caller has {}": "需要验证级别{0}，客户目前为{1}",
    "verified before": "此前已验证",
    "proven: {}": "已验证：{0}",
    "who calls is not proven": "客户身份未经验证",
    "enrolled": "已登记",
    "deleted": "已删除",
    "there is no consent to a voiceprint": "客户没有同意使用声纹",
    "the consent was taken back": "客户撤回了同意",
    "the caller took consent back": "客户撤回了同意",
    "the digits were not said": "客户没有读出数字",
    "the caller does not want to": "客户不愿意",
    "does not want to be called": "客户不需要回电",
    "there is no number to call": "没有可回拨的号码",
    "the number was heard wrongly": "号码听错了",
    "the time to call at is none": "回电时间无效",
    "booked": "已预约回电",
    "booked, and could not be told": "已预约回电，但未能告知客户",
    "it could not be booked": "未能预约回电",
    "it could not be kept": "未能预约回电",
    "it is not known whether it was kept, so it is not": "未能预约回电",
    "nobody told whether it was booked": "未收到是否预约成功的结果",
    "nothing came in time": "未按时收到客户的图片",
    "a {} came": "已收到客户的图片（{0}）",
    "looked at": "图片已查看",
    "it could not be looked at": "图片未能识别",
    "it could not be looked at in time": "图片未能及时识别",
    "the agent is done": "客服已处理完毕",
    "the agent's line was lost": "客服线路中断",
    "the agent declined": "客服拒接",
    "the agent did not answer": "客服未应答",
    "the agent was not free in time": "客服未能及时空闲",
    "the agent is away": "客服不在位",
    "the agent is in another call": "客服正在通话",
    "there is no such agent": "没有该客服",
    "a supervisor took over": "主管已接管",
    "the other side is done": "对方已结束",
    "the other side's line was lost": "对方线路中断",
    "nobody told what came of it": "未收到转接结果",
    "whom to transfer to is not known": "转接对象不明",
    "both could not be let through to each other": "双方未能接通",
    "the call could not be placed": "电话未能拨出",
    "too many calls were placed": "呼出电话次数过多",
    "who writes cannot be put through": "文字客户无法转接电话",
    "{} is no target of a transfer": "{0}不能作为转接对象",
    "there is no such flow": "没有该流程",
    "the call went through too many flows": "经过的流程过多",
    "outside: {}": "外线：{0}",
    "transfer: {}": "转接：{0}",
    "queue: {}": "排队：{0}",
    "no case holds": "没有符合的条件",
    "experiment {}": "实验{0}",
    "calls {}": "进入子流程{0}",
    "set": "已设置",
    "ordered": "已执行",
    "begins": "流程开始",
    "started": "流程开始",
    "by the calendar {}": "按日历{0}",
    "overridden": "按设定的状态",
    "switched by hand": "人工切换",
    "channel {} is not served here": "此处不受理该渠道（{0}）",
    "the called number is not served here": "此处不受理所拨号码",
    "{} is not served here": "此处不受理该语言（{0}）",
    "no answer in time": "系统未及时答复",
    "cannot be asked for: {}": "系统请求未能发出（{0}）",
    "no actions are set up here": "此处没有设置系统动作",
    "no analysers are set up here": "此处没有设置图片识别",
    "internal error": "内部错误",
    "block {} is not in this version of the flow": "本版流程中没有模块{0}",
    "block {} could not be heard": "模块{0}未能播报",
    "sub-flow {} is gone": "子流程{0}已不存在",
    "speech: {}": "语音播报故障（{0}）",
    "hearing: {}": "语音识别故障（{0}）",
    "leg: {}": "线路故障（{0}）",
    "flow: {}": "流程故障（{0}）",
    "app: {}": "系统故障（{0}）",
    "{} in block {}": "模块{1}故障（{0}）",
}
_LIKE = [
    (re.compile("(.+?)".join(map(re.escape, why.split("{}")))), _ZH[why])
    for why in sorted(_ZH, key=len, reverse=True)  # the narrowest first
    if "{}" in why
]
_WORDS_ZH = {
    "overflow": "等候过久", "no_agents": "无人值守", "busy": "忙线",
    "no_answer": "无人接听", "failed": "失败", "connected": "已接通", "hangup": "挂断", "declined": "拒接",
    "rejected": "被拒绝",
}  # fmt: skip


def reason_in(why: str, locale: str) -> str:
    """Why a block was left, for an agent. What the flow's own words or a condition are stays as it is written."""
    if not locale.startswith("zh"):
        return why
    if why in _ZH:
        return _ZH[why]
    for like, words in _LIKE:
        if (found := like.fullmatch(why)) is not None:
            return words.format(*(_WORDS_ZH.get(part) or reason_in(part, locale) for part in found.groups()))
    return why
