"""The recogniser on its real model: words from people, on a telephone line too, and none from noise."""

from __future__ import annotations

import math
import re
from pathlib import Path

import jiwer
import numpy as np
import pytest

from asr.conditions import by_telephone
from asr.engine import LONG_MARGIN_S, SCRIPT_PROMPT, Ask, Recogniser, Transcript
from asr.gate import VoiceGate
from asr.options import AsrOptions
from asr.text import compression, echoes, from_subtitles, over_and_over, said_again, stutters
from asr.whisper import ModelError
from media.frames import SPEECH_RATE, Audio
from tests.speech_data import JFK, ROOT, SHARED, SPEECH, cut, load

JFK_TEXT = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"  # 1961
)
ENGLISH = {
    "en-cards-001.flac": "10 of clubs",
    "en-cards-003.flac": "7 of clubs",
    "en-cards-005.flac": "8 of spades 4 of clubs 7 of hearts",
    "en-goforward.flac": "go forward 10 meters",
    "en-surpassed.flac": "has never been surpassed",
}
CHINESE = {
    "zh-aishell-0002.flac": "设定30度",
    "zh-aishell-0009.flac": "上海孙中山故居纪念馆",
    "zh-aishell-0060.flac": "想听歌曲我们好像在哪见过",
    "zh-aishell-0066.flac": "想听歌曲海阔天空",
    "zh-aishell-0078.flac": "想听歌曲时间都去哪儿了",
}
NUMBERS = {"ten": "10", "seven": "7", "eight": "8", "four": "4", "三十": "30"}


def hear(recogniser: Recogniser, audio: Audio, *languages: str, final: bool = True) -> Transcript:
    return recogniser.transcribe(Ask(audio, languages, final))


def plain(text: str) -> str:
    text = re.sub(r"[^\w ]", "", text.lower())
    for word, digits in NUMBERS.items():
        text = re.sub(rf"\b{word}\b" if word.isascii() else word, digits, text)
    return text.strip() or "-"


def test_the_voice_is_handed_out_before_the_words_are_decoded(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    generate = recogniser._generate

    def words(*args: object) -> None:
        order.append("words")
        generate(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(recogniser, "_generate", words)
    ask = Ask(cut(load(JFK), 0, 2000), ("en",), voice=lambda pooled: order.append(f"voice {pooled.shape}"))
    recogniser.transcribe(ask)
    recogniser.transcribe(Ask(Audio.silence(2000, SPEECH_RATE), ("en",), voice=lambda _pooled: order.append("silence")))
    assert order[:2] == ["voice (1024,)", "words"]
    assert "silence" not in order


def test_a_sentence_of_1961(recogniser: Recogniser) -> None:
    heard = hear(recogniser, load(JFK), "en", "zh")
    assert jiwer.wer(JFK_TEXT, plain(heard.text)) <= 0.1
    assert heard.language == "en"
    assert heard.rejected == ""
    assert 0.7 < heard.confidence <= 1


@pytest.mark.parametrize("line", ["wide", "telephone"])
def test_english_phrases(recogniser: Recogniser, line: str) -> None:
    said, heard = [], []
    for name, text in ENGLISH.items():
        audio = load(SPEECH / name)
        found = hear(recogniser, by_telephone(audio) if line == "telephone" else audio, "en", "zh")
        assert found.language == "en", name
        said.append(text)
        heard.append(plain(found.text))
    assert jiwer.wer(said, heard) <= (0.2 if line == "wide" else 0.35), heard


@pytest.mark.parametrize("line", ["wide", "telephone"])
def test_mandarin_sentences(recogniser: Recogniser, line: str) -> None:
    said, heard = [], []
    for name, text in CHINESE.items():
        audio = load(SPEECH / name)
        found = hear(recogniser, by_telephone(audio) if line == "telephone" else audio, "en", "zh")
        assert found.language == "zh", name
        said.append(text)
        heard.append(plain(found.text))
    assert jiwer.cer(said, heard) <= 0.45, heard
    assert not set("".join(heard)) & set("時間兒聽們見過館紀設"), "characters are simplified"


def test_a_partial_says_the_same_of_clear_speech(recogniser: Recogniser) -> None:
    heard = hear(recogniser, load(SPEECH / "en-goforward.flac"), "en", final=False)
    assert plain(heard.text) == ENGLISH["en-goforward.flac"]
    assert heard.words == ()


def test_the_window_is_the_utterance_and_a_margin(recogniser: Recogniser) -> None:
    short, long = load(SPEECH / "en-surpassed.flac"), load(JFK)
    assert hear(recogniser, cut(short, 0, 900), "en").window_s == 2
    assert hear(recogniser, short, "en").window_s == math.ceil((short.ms / 1000 + 1) * 2) / 2
    assert hear(recogniser, long, "en").window_s == math.ceil((long.ms / 1000 + LONG_MARGIN_S) * 2) / 2


def test_a_poor_score_is_looked_at_in_the_full_window(gate: VoiceGate, whisper_folder: Path) -> None:
    doubtful = Recogniser(AsrOptions(second_look_logprob=0.0, second_look_compression=1.0), whisper_folder, gate)
    ask = Ask(load(SPEECH / "en-goforward.flac"), ("en",))
    heard = doubtful.transcribe(ask)
    assert heard.window_s == 30
    assert plain(heard.text) == ENGLISH["en-goforward.flac"]
    assert hear(doubtful, ask.audio, "en", final=False).window_s < 30
    [fast] = doubtful.decode([doubtful.prepare(ask)], fast=True)
    assert fast.window_s < 30


def test_a_batch_says_what_each_alone_does(recogniser: Recogniser) -> None:
    asks = [
        Ask(load(SPEECH / "en-goforward.flac"), ("en", "zh"), words=True),
        Ask(load(SPEECH / "zh-aishell-0078.flac"), ("en", "zh")),
        Ask(Audio.silence(2000, SPEECH_RATE), ("en",)),
        Ask(load(SPEECH / "en-surpassed.flac"), ("en",)),
        Ask(load(SPEECH / "en-cards-005.flac"), ("zh", "en"), final=False),
    ]
    together = recogniser.decode([recogniser.prepare(ask) for ask in asks])
    alone = [recogniser.transcribe(ask) for ask in asks]
    assert [one.text for one in together] == [one.text for one in alone]
    assert [one.language for one in together] == ["en", "zh", "en", "en", "en"]
    assert together[2].rejected == "no human voice"
    assert together[0].words and not together[1].words


def test_chinese_is_written_in_the_characters_that_were_chosen(gate: VoiceGate, whisper_folder: Path) -> None:
    traditional = Recogniser(AsrOptions(chinese_script="traditional"), whisper_folder, gate)
    heard = hear(traditional, load(SPEECH / "zh-aishell-0078.flac"), "zh")
    assert set(heard.text) & set("時間聽兒"), heard.text
    assert not set(heard.text) & set("时间听儿")


def test_the_same_audio_gives_the_same_words(recogniser: Recogniser) -> None:
    audio = load(SPEECH / "zh-aishell-0078.flac")
    assert hear(recogniser, audio, "zh") == hear(recogniser, audio, "zh")


def test_words_have_times_when_asked_for(recogniser: Recogniser) -> None:
    audio = load(JFK)
    assert hear(recogniser, audio, "en").words == ()
    heard = recogniser.transcribe(Ask(audio, ("en",), words=True))
    assert " ".join(word.text for word in heard.words) == heard.text
    ends = [0]
    for word in heard.words:
        assert ends[-1] - 20 <= word.t0_ms <= word.t1_ms <= audio.ms + 50, word
        assert 0 <= word.confidence <= 1
        ends.append(word.t1_ms)
    country = next(word for word in heard.words if word.text.startswith("country"))
    assert 5400 < country.t0_ms < 6000  # heard there


def test_chinese_words_are_simplified_with_their_times(recogniser: Recogniser) -> None:
    heard = recogniser.transcribe(Ask(load(SPEECH / "zh-aishell-0009.flac"), ("zh",), words=True))
    assert "".join(word.text for word in heard.words) == heard.text
    assert heard.words[-1].t1_ms > 2000


def test_a_hint_leaves_clear_words_alone(recogniser: Recogniser) -> None:
    audio = load(SPEECH / "en-goforward.flac")
    heard = recogniser.transcribe(Ask(audio, ("en",), hint="Robot commands:", hotwords=("forward", "meters")))
    assert plain(heard.text) == ENGLISH["en-goforward.flac"]


@pytest.mark.parametrize("asked", [0, 1, 5])
def test_what_nobody_waits_for_is_left_at_the_next_step(recogniser: Recogniser, asked: int) -> None:
    answers = iter([True] * asked)
    prepared = recogniser.prepare(Ask(load(SPEECH / "en-goforward.flac"), ("en",)))
    [heard] = recogniser.decode([prepared], wanted=[lambda: next(answers, False)])
    if asked < 5:  # before the encoder, and between it and the decoder
        assert (heard.text, heard.rejected) == ("", "no longer wanted")
    else:
        assert plain(heard.text) == ENGLISH["en-goforward.flac"]


def _noises() -> dict[str, Audio]:
    music = load(ROOT / "flows" / "audio" / "hold.flac")
    hiss = np.random.default_rng(3).normal(0, 600, 3 * SPEECH_RATE).astype(np.int16)
    hum = (8000 * np.sin(2 * np.pi * 50 * np.arange(3 * SPEECH_RATE) / SPEECH_RATE)).astype(np.int16)
    return {
        "silence": Audio.silence(3000, SPEECH_RATE),
        "nothing": Audio.silence(0, SPEECH_RATE),
        "hiss": Audio(hiss, SPEECH_RATE),
        "hum": Audio(hum, SPEECH_RATE),
        "music": cut(music, 0, 15_000),
        **{path.stem: load(path) for path in sorted((SPEECH / "noise").glob("*.flac"))},
    }


NOISES = _noises()


@pytest.mark.parametrize("name", NOISES)
def test_no_words_where_nobody_speaks(recogniser: Recogniser, name: str) -> None:
    heard = hear(recogniser, NOISES[name], "en", "zh")
    assert heard.text == ""
    assert heard.rejected
    assert heard.words == ()


def _false_words(recogniser: Recogniser, files: list[Path]) -> list[str]:
    found = []
    for path in files:
        audio = load(path)
        for start in range(0, math.ceil(audio.ms), 20_000):
            heard = hear(recogniser, cut(audio, start, start + 20_000), "en", "zh")
            if heard.text:
                found.append(f"{path.parent.name}/{path.name}: {heard.text}")
    return found


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
def test_no_words_from_the_noises_of_esc_10(recogniser: Recogniser) -> None:
    files = sorted((SHARED / "noise_esc10").glob("*/*.flac"))[::3]  # of each class two or three
    assert len(files) >= 27
    assert _false_words(recogniser, files) == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
@pytest.mark.slow
def test_no_words_from_any_noise_of_esc_10(recogniser: Recogniser) -> None:
    assert _false_words(recogniser, sorted((SHARED / "noise_esc10").glob("*/*.flac"))) == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
def test_no_words_from_hold_music_and_tones(recogniser: Recogniser) -> None:
    folder = SHARED / "hold_music_and_tones"
    files = [path for kind in ("moh", "tones", "dtmf") for path in sorted((folder / kind).glob("*.flac"))]
    assert len(files) >= 15
    assert _false_words(recogniser, files) == []


def test_wrong_requests_are_told_what_is_wrong(recogniser: Recogniser) -> None:
    with pytest.raises(ValueError, match="hears 16000 Hz, got 8000"):
        hear(recogniser, Audio.silence(1000, 8000), "en")
    with pytest.raises(ValueError, match=r"may last 30 s, got 31\.0 s"):
        hear(recogniser, Audio.silence(31_000, SPEECH_RATE), "en")
    with pytest.raises(ValueError, match="'klingon'"):
        hear(recogniser, Audio.silence(1000, SPEECH_RATE), "en", "klingon")
    with pytest.raises(ValueError, match="must be among"):
        hear(recogniser, Audio.silence(1000, SPEECH_RATE))


def test_a_folder_without_a_model_is_one_clear_error(gate: VoiceGate, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="warmline models"):
        Recogniser(AsrOptions(), tmp_path, gate)


def test_repetition_is_seen_by_its_statistics() -> None:
    assert compression("thank you " * 30) > 2.4
    assert compression("And so, my fellow Americans, ask not what your country can do for you.") < 1.5
    assert compression("") == 0.0
    assert stutters("Aaaaaah aaaah") and stutters("哈哈哈哈哈哈哈哈") and stutters("H-h-h-h-h!")
    assert not stutters("5-5-5-5") and not stutters("C-3-C-3") and not stutters("H-h-hello")
    assert not stutters("hello") and not stutters("No, no.") and not stutters("一三四七三八二幺")


def test_a_sentence_said_again_is_seen() -> None:
    assert said_again("Go forward 10 meters, go forward 10 meters.") and said_again("查一下订单查一下订单。")
    assert not said_again("Go forward 10 meters.") and not said_again("好的好的") and not said_again("")


def test_what_subtitles_end_with_is_known() -> None:
    for text in (
        "Thank you.",
        "Thank you. Thank you very much!",
        "Thanks for watching!",
        "谢谢大家。",
        "中文字幕——字幕",
        "you",
    ):
        assert from_subtitles(text), text
    for text in ("Thank you, and my order number?", "You said so", "谢谢你帮我查一下", "Okay.", "", "..."):
        assert not from_subtitles(text), text


def test_the_prompt_said_back_is_seen() -> None:
    prompt = SCRIPT_PROMPT["simplified"]
    assert echoes("普通话的句子。", prompt) and echoes("以下是普通话", prompt)
    assert not echoes("普通话。", prompt) and not echoes("我说普通话的", prompt) and not echoes("", prompt)


def test_one_thing_over_and_over_is_seen() -> None:
    assert over_and_over("AARGH! AARGH! AARGH!") and over_and_over("好的，好的。")
    assert not over_and_over("Okay.") and not over_and_over("No, yes.") and not over_and_over("")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
@pytest.mark.parametrize(
    ("file", "text"),
    [("hello.flac", "hello"), ("digits/day-1.flac", "monday"), ("digits/day-4.flac", "thursday")],
)
def test_single_words_by_telephone_are_believed(recogniser: Recogniser, file: str, text: str) -> None:
    """A threshold that dropped them kept noises away, and callers too."""
    assert plain(hear(recogniser, load(SHARED / "ivr_prompts_en_8k" / file), "en", "zh").text) == text


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
@pytest.mark.parametrize(("file", "text"), [("digits/mon-5.flac", "june"), ("is-in-use.flac", "is in use")])
def test_a_second_look_tells_an_unclear_voice_from_noise(recogniser: Recogniser, file: str, text: str) -> None:
    """They were dropped as hardly a voice; in the full window Whisper is sure that they are speech."""
    heard = hear(recogniser, by_telephone(load(SHARED / "ivr_prompts_en_8k" / file)), "en", "zh")
    assert (plain(heard.text), heard.window_s) == (text, 30)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
@pytest.mark.parametrize(
    ("file", "words"), [("testing_audio", "including insertion"), ("training_audio1", "created a project")]
)
def test_no_word_is_skipped_in_a_long_utterance(recogniser: Recogniser, file: str, words: str) -> None:
    """With times between them Whisper left out what its own cuts went through."""
    audio = load(SHARED / "asr_special" / "azure" / f"en-US_general_{file}.flac")
    assert words in plain(hear(recogniser, cut(audio, 0, 27_000), "en", "zh").text)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
def test_a_hotword_is_spelt_as_it_was_given(recogniser: Recogniser) -> None:
    audio = load(SHARED / "asr_special" / "hotwords.flac")
    assert "ComfyUI" not in hear(recogniser, audio, "en", "zh").text
    assert recogniser.transcribe(Ask(audio, ("en", "zh"), hotwords=("ComfyUI",))).text.count("ComfyUI") == 2


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
def test_english_and_chinese_in_one_breath(recogniser: Recogniser) -> None:
    audio = load(SHARED / "asr_special" / "azure" / "en-us_zh-cn.flac")
    heard = hear(recogniser, audio, "en", "zh").text
    for part in ("weather like today", "今天天气怎么样", "bus stop", "车站怎么走", "library", "图书馆在哪里"):
        assert part in heard


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
def test_numbers_are_figures_beside_the_verbatim_text(recogniser: Recogniser) -> None:
    heard = hear(recogniser, load(SHARED / "asr_zh_aishell" / "S0150" / "BAC009S0150W0462.flac"), "en", "zh")
    assert "三百七十万公款" in heard.text
    assert heard.normalised == heard.text.replace("三百七十万", "370万")
    assert hear(recogniser, load(SPEECH / "en-surpassed.flac"), "en").normalised == ""


@pytest.mark.parametrize("ms", [800, 1200, 1600])
def test_partials_of_chinese_are_not_said_over_and_over(recogniser: Recogniser, ms: int) -> None:
    """After the prompt for simplified characters, half of the sentences that break off looped, and were dropped."""
    found = []
    for name in CHINESE:
        audio = load(SPEECH / name)
        begun = hear(recogniser, cut(audio, 0, ms + 400), "en", "zh", final=False)
        assert begun.rejected != "repetition", name
        assert not said_again(begun.text), name
        found.append(begun.text)
    assert sum(bool(text) for text in found) >= 4, found
