"""Requests and workflows: where they may go, what they repeat, what they take back, and that an approval counts once."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialog.actions.http import HttpActions, Unpacked, checked
from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.actions.performer import Actions
from dialog.actions.runs import MemoryRuns
from dialog.actions.workflow import check, parse_workflow
from dialog.blocks.http import Http
from dialog.effects import Perform
from dialog.events import Performed
from dialog.yamlfile import FileError

pytestmark = pytest.mark.virtual_time

Handler = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class Plain:
    def render(self, wording: dict[str, str]) -> str:
        return wording[""]

    def evaluate(self, expression: str) -> Any:
        return expression


def request(**fields: Any) -> Perform:
    exits = {"ok": "a", "http_error": "a", "timeout": "a"}
    block = Http.model_validate({"type": "http", "url": "https://core.bank/x", "exits": exits, **fields})
    return block.asked(Plain(), "c1:load:1", "load", block.timeout_s)


class Pieces(httpx.AsyncByteStream):
    def __init__(self, data: bytes) -> None:
        self.data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self.data), 4096):
            yield self.data[at : at + 4096]


def packed(data: bytes, encoding: str) -> httpx.Response:
    """An answer whose headers say how it is packed, which the test's own client must not unpack."""
    return httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Pieces(data), extensions={"packed": data})


class Bank:
    """The other side: answers as told, and remembers what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers) or [httpx.Response(200, json={})]
        self.asked: list[httpx.Request] = []
        self.waits: list[float] = []
        self.second, self.third = asyncio.Event(), asyncio.Event()

    async def __call__(self, asked: httpx.Request) -> httpx.Response:
        self.asked.append(asked)
        if len(self.asked) == 2:
            self.second.set()
        if len(self.asked) == 3:
            self.third.set()
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return httpx.Response(200, stream=Pieces(b"{}"))
        # as from a real line: in pieces, and not unpacked by anybody yet
        sent = answer.extensions.get("packed", b"") or answer.content
        return httpx.Response(answer.status_code, stream=Pieces(sent), headers=answer.headers)

    def actions(self, **options: Any) -> HttpActions:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        settings = {"allowed_hosts": ["core.bank"], "secrets": {"core": "s3cret-token"}, **options}
        return HttpActions(ActionOptions.model_validate(settings), transport=httpx.MockTransport(self), sleep=sleep)


async def test_answer_is_taken_apart_by_paths() -> None:
    bank = Bank(httpx.Response(200, json={"fund": {"rows": [{"days": 3}]}, "n": 0}))
    result = await bank.actions().perform(request(extract={"days": "fund.rows[0].days", "n": "n", "all": "$"}))
    assert result.outcome == "ok" and result.values["days"] == 3 and result.values["n"] == 0
    assert result.values["http_status"] == 200 and result.values["all"]["n"] == 0


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (httpx.Response(404), 404, "HTTP 404"),
        (httpx.Response(302, headers={"Location": "https://evil.example/"}), 302, "HTTP 302"),
        (httpx.Response(200, content=b"<html>"), 200, "no JSON"),
        (httpx.Response(200, json={"fund": []}), 0, "nothing at 'fund.days'"),
        (httpx.Response(200, content=b"x" * 2048), 200, "larger than 1 KB"),
        (packed(gzip.compress(b"x" * 2_000_000), "gzip"), 200, "larger than 1 KB"),
        (packed(gzip.compress(b"{}")[:-9], "gzip"), 0, "is cut off"),
        (packed(b"no gzip at all", "gzip"), 0, "cannot be unpacked"),
        (packed(b"{}", "br"), 0, "packed as 'br', which was not asked for"),
        (httpx.ConnectError("no way to 10.1.2.3"), 0, "cannot be reached (ConnectError)"),
    ],
)
async def test_what_is_no_good_answer(answer: Any, status: int, says: str) -> None:
    bank = Bank(answer)
    result = await bank.actions().perform(request(extract={"days": "fund.days"}, max_kb=1))
    assert result.outcome == "http_error" and says in result.why and result.values == {"http_status": status}
    assert len(bank.asked) == 1


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_a_packed_answer_is_unpacked(pack: Callable[[bytes], bytes]) -> None:
    bank = Bank(packed(pack(b'{"fund": {"days": 3}}'), "gzip" if pack is gzip.compress else "deflate"))
    result = await bank.actions().perform(request(extract={"days": "fund.days"}, max_kb=1))
    assert (result.outcome, result.values["days"]) == ("ok", 3)


def test_a_bomb_is_never_unpacked_beyond_the_limit() -> None:
    body = Unpacked("gzip", 1000)
    body.take(gzip.compress(b"x" * 50_000_000))
    assert body.full and len(body._body) == 1001


async def test_time_limit() -> None:
    result = await Bank(5.0).actions().perform(request(timeout_s=0.02))
    assert result.outcome == "timeout" and result.ms < 2000


async def test_repeats_only_what_does_no_harm() -> None:
    busy, fine = httpx.Response(503), httpx.Response(200, json={})
    bank = Bank(busy, httpx.ConnectError(""), fine)
    assert (await bank.actions().perform(request(retries=2))).outcome == "ok"
    assert len(bank.asked) == 3 and 0.1 <= bank.waits[0] <= 0.2 <= bank.waits[1] <= 0.4
    bank = Bank(busy, fine)
    assert (await bank.actions().perform(request(method="POST", retries=2))).outcome == "http_error"
    assert len(bank.asked) == 1
    bank = Bank(busy, fine)
    assert (await bank.actions().perform(request(method="POST", retries=2, idempotent=True))).outcome == "ok"
    assert [asked.headers["idempotency-key"] for asked in bank.asked] == ["c1:load:1"] * 2


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"secret": "core"}, "authorization", "Bearer s3cret-token"),
        ({"secret": "core", "scheme": "header", "header": "X-Key"}, "x-key", "s3cret-token"),
        ({"secret": "core", "scheme": "basic"}, "authorization", "Basic czNjcmV0LXRva2VuOg=="),
    ],
)
async def test_secrets_are_put_in_last_and_never_told(
    auth: dict[str, str], header: str, value: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    bank = Bank(httpx.Response(401))
    work = request(auth=auth, url="https://core.bank/x?card=4711")
    actions = bank.actions()
    result = await actions.perform(work)
    assert bank.asked[0].headers[header] == value
    told = (
        repr(work)
        + repr(work.request)
        + repr(result)
        + repr(actions.options)
        + caplog.text
        + "".join(capfd.readouterr())
    )
    assert "s3cret" not in told and "4711" not in told.replace(repr(work.request), "")


async def test_an_unknown_secret_is_named() -> None:
    bank = Bank()
    result = await bank.actions().perform(request(auth={"secret": "other"}))
    assert "no secret 'other'" in result.why and not bank.asked


@pytest.mark.parametrize(
    ("allowed", "url", "may"),
    [
        ("core.bank", "https://core.bank/x", True),
        ("core.bank", "https://CORE.bank:443/x", True),
        ("core.bank", "http://core.bank/x", False),
        ("core.bank", "https://core.bank:8443/x", False),
        ("core.bank", "https://core.bank.evil.example/", False),
        ("core.bank", "https://evilcore.bank/", False),
        ("*.core.bank", "https://a.core.bank/", True),
        ("*.core.bank", "https://core.bank/", False),
        ("*.core.bank", "https://evilcore.bank/", False),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/x", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8081/x", False),
        ("http://127.0.0.1:8080", "http://169.254.169.254/latest", False),
        ("http://[::1]:80", "http://[::1]/x", True),
    ],
)
async def test_only_listed_hosts(allowed: str, url: str, may: bool) -> None:
    bank = Bank()
    result = await bank.actions(allowed_hosts=[allowed]).perform(request(url=url))
    assert (result.outcome == "ok") is may and bool(bank.asked) is may
    assert may or "allowed_hosts" in result.why


def test_nothing_is_allowed_at_first() -> None:
    with pytest.raises(Exception, match="allowed_hosts"):
        checked("https://core.bank/x", ActionOptions().allowed_hosts)
    with pytest.raises(ValueError, match="is no host"):
        ActionOptions(allowed_hosts=["https://core.bank/path"])


async def test_mocks_answer_at_once() -> None:
    bank = Bank()
    actions = bank.actions(mock=True, allowed_hosts=[])
    mock = {"body": {"days": 3}, "delay_ms": 900}
    result = await actions.perform(request(extract={"days": "days"}, mock=mock))
    assert (result.outcome, result.values["days"], result.ms) == ("ok", 3, 900.0)
    assert (await actions.perform(request(mock={**mock, "delay_ms": 9000}))).outcome == "timeout"
    assert "no mock" in (await actions.perform(request())).why
    assert not bank.asked


# ------------------------------------------------------------------ workflows

RULES = """
format: rules/v1
id: limits
inputs: {amount: {type: number}}
outputs: {needs_approval: {type: boolean}, fee: {type: number}}
rows:
  - {id: big, when: {amount: "> 1000"}, then: {needs_approval: true, fee: 0}}
  - {id: small, then: {needs_approval: false, fee: 1}}
"""
WORKFLOW = """
format: workflow/v1
id: refund
inputs: {order: string, amount: number}
steps:
  - id: limits
    rule: limits
    in: {amount: inputs.amount}
  - id: pay
    http:
      method: POST
      url: "https://core.bank/pay/{{inputs.order}}"
      body: {amount: "= inputs.amount - double(limits.fee)"}
      idempotent: true
      extract: {no: payment.no}
      mock: {body: {payment: {no: P1}}}
    undo: {method: DELETE, url: "https://core.bank/pay/{{pay.no}}"}
  - id: tell
    http: {method: PUT, url: "https://core.bank/told/{{inputs.order}}", body: {no: "{{pay.no}}"}}
  - id: words
    set: {said: "= 'paid ' + pay.no"}
outputs: {refund_no: pay.no, said: words.said}
"""


def office(folder: Path, bank: Bank, runs: MemoryRuns | None = None) -> tuple[Outside, Actions]:
    for name, text in (("rules/limits", RULES), ("workflows/refund", WORKFLOW)):
        path = folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    outside = Outside(ActionOptions(), bank.actions())
    outside.runs = runs or MemoryRuns()
    return outside, outside.performer(folder)


def wanted(amount: float = 5.0, call_id: str = "c1:refund:1", **more: Any) -> Perform:
    request = {"id": "refund", "inputs": {"order": "7", "amount": amount}, **more}
    return Perform(call_id=call_id, kind="workflow", block="refund", request=request, timeout_ms=2000)


PAID = httpx.Response(200, json={"payment": {"no": "P1"}})
FINE = httpx.Response(200, json={})


def paths(bank: Bank) -> list[str]:
    return [f"{asked.method} {asked.url.path}" for asked in bank.asked]


async def test_a_run_does_its_steps_once(tmp_path: Path) -> None:
    bank = Bank(PAID, FINE)
    outside, actions = office(tmp_path, bank)
    result = await actions.perform(wanted())
    assert result.outcome == "done" and result.values == {"refund_no": "P1", "said": "paid P1"}
    assert paths(bank) == ["POST /pay/7", "PUT /told/7"]
    assert bank.asked[0].headers["idempotency-key"] == "c1:refund:1:pay" and bank.asked[0].content == b'{"amount":4.0}'
    again = await actions.perform(wanted())
    assert again.values == result.values and len(bank.asked) == 2
    assert isinstance(outside.runs, MemoryRuns)
    assert [what for _, what, _ in outside.runs.audit] == [
        "begun", "step limits done", "step pay done", "step tell done", "step words done", "done",
    ]  # fmt: skip


async def test_scenarios_of_a_flow_test_do_not_share_runs(tmp_path: Path) -> None:
    """They all have one contact id: what the first one did was given to the second."""
    office(tmp_path, Bank())
    text = (tmp_path / "workflows/refund.yaml").read_text()
    (tmp_path / "workflows/refund.yaml").write_text(
        text.replace('{no: "{{pay.no}}"}}', '{no: "{{pay.no}}"}, mock: {}}')
    )
    actions = Outside(ActionOptions(mock=True)).performer(tmp_path)
    for amount, outcome in ((5.0, "done"), (5000.0, "needs_approval"), (6.0, "done")):
        assert (await actions.perform(wanted(amount))).outcome == outcome


async def test_a_failing_step_takes_back_what_was_done(tmp_path: Path) -> None:
    bank = Bank(PAID, httpx.Response(400), FINE)
    outside, actions = office(tmp_path, bank)
    result = await actions.perform(wanted())
    assert result.outcome == "failed" and result.why == "step tell: HTTP 400"
    assert paths(bank) == ["POST /pay/7", "PUT /told/7", "DELETE /pay/P1"]
    run = await outside.runs.load("c1:refund:1")
    assert run is not None and run.undone == ["pay"]


async def test_what_cannot_be_taken_back_is_named(tmp_path: Path) -> None:
    bank = Bank(PAID, httpx.Response(400))
    _, actions = office(tmp_path, bank)
    assert (await actions.perform(wanted())).why == "step tell: HTTP 400; NOT undone: pay"
    assert paths(bank)[2:] == ["DELETE /pay/P1"] * 3


async def test_too_long_takes_back_too(tmp_path: Path) -> None:
    bank = Bank(PAID, 30.0, FINE)
    _, actions = office(tmp_path, bank)
    work = wanted()
    late = Perform(call_id=work.call_id, kind=work.kind, block="refund", request=work.request, timeout_ms=60)
    result = await actions.perform(late)
    assert result.outcome == "failed" and "took too long" in result.why
    assert paths(bank)[-1] == "DELETE /pay/P1"


async def test_approval_counts_once_and_over_a_restart(tmp_path: Path) -> None:
    runs, bank = MemoryRuns(), Bank(PAID, FINE)
    _, actions = office(tmp_path, bank, runs)
    assert (await actions.perform(wanted(5000.0))).outcome == "needs_approval"
    assert not bank.asked
    assert await runs.move("c1:refund:1", "waiting", "approved", by="sue")
    assert not await runs.move("c1:refund:1", "waiting", "approved", by="tom")
    outside, actions = office(tmp_path, bank, runs)  # the app was restarted meanwhile
    assert [await outside.approved(), await outside.approved()] == [1, 0]
    assert paths(bank) == ["POST /pay/7", "PUT /told/7"]
    run = await runs.load("c1:refund:1")
    assert run is not None and run.status == "done"
    assert (await actions.perform(wanted(5000.0))).values["refund_no"] == "P1"
    assert ("c1:refund:1", "approved", "sue") in runs.audit


async def test_the_flow_may_ask_for_approval_before_anything(tmp_path: Path) -> None:
    runs, bank = MemoryRuns(), Bank(PAID, FINE)
    outside, actions = office(tmp_path, bank, runs)
    assert (await actions.perform(wanted(approval=True))).outcome == "needs_approval"
    assert await runs.move("c1:refund:1", "waiting", "rejected", by="sue")
    assert await outside.approved() == 0 and not bank.asked
    assert (await actions.perform(wanted(approval=True))).outcome == "failed"


async def test_a_killed_app_goes_on_with_the_step_it_was_at(tmp_path: Path) -> None:
    runs, bank = MemoryRuns(), Bank(PAID, 30.0, FINE)
    outside, actions = office(tmp_path, bank, runs)
    task = asyncio.create_task(actions.perform(wanted()))
    await bank.second.wait()
    task.cancel()
    await outside.close()
    outside, actions = office(tmp_path, bank, runs)
    resumed, result = await asyncio.gather(outside.recover(), actions.perform(wanted()))
    assert resumed == 1 and result.outcome == "done"
    assert paths(bank) == ["POST /pay/7", "PUT /told/7", "PUT /told/7"], "both take up one and the same run"


async def test_who_is_killed_while_taking_back_goes_on_taking_back(tmp_path: Path) -> None:
    """It went on forward: the payment was taken back, and the customer told that it was made."""
    runs, bank = MemoryRuns(), Bank(PAID, httpx.Response(400), 30.0, FINE)
    outside, actions = office(tmp_path, bank, runs)
    task = asyncio.create_task(actions.perform(wanted()))
    await bank.third.wait()
    task.cancel()
    await outside.close()
    outside, actions = office(tmp_path, bank, runs)
    assert await outside.recover() == 1
    assert paths(bank) == ["POST /pay/7", "PUT /told/7", "DELETE /pay/P1", "DELETE /pay/P1"]
    run = await runs.load("c1:refund:1")
    assert run is not None and (run.status, run.undone, run.why) == ("failed", ["pay"], "step tell: HTTP 400")


async def test_taking_back_is_not_cut_off_by_the_time_limit(tmp_path: Path) -> None:
    bank = Bank(PAID, httpx.Response(400), 0.06, FINE)
    outside, actions = office(tmp_path, bank)
    work = wanted()
    soon = Perform(call_id=work.call_id, kind=work.kind, block="refund", request=work.request, timeout_ms=30)
    assert (await actions.perform(soon)).why == "step tell: HTTP 400"
    run = await outside.runs.load("c1:refund:1")
    assert run is not None and (run.status, run.undone) == ("failed", ["pay"])


async def test_a_run_that_cannot_be_read_any_more_holds_up_no_other(tmp_path: Path) -> None:
    runs, bank = MemoryRuns(), Bank(PAID, FINE)
    _, actions = office(tmp_path, bank, runs)
    for call_id in ("c1:refund:1", "c2:refund:1"):
        await actions.perform(wanted(5000.0, call_id))
        await runs.move(call_id, "waiting", "approved", by="sue")
    runs.runs["c1:refund:1"] = replace(runs.runs["c1:refund:1"], definition="format: workflow/v9")
    outside, _ = office(tmp_path, bank, runs)
    assert await outside.approved() == 2
    assert [runs.runs[one].status for one in ("c1:refund:1", "c2:refund:1")] == ["failed", "done"]


async def test_a_run_ends_by_the_text_it_began_with(tmp_path: Path) -> None:
    runs, bank = MemoryRuns(), Bank(PAID, FINE)
    _, actions = office(tmp_path, bank, runs)
    await actions.perform(wanted(5000.0))
    await runs.move("c1:refund:1", "waiting", "approved", by="sue")
    outside, _ = office(tmp_path, bank, runs)
    (tmp_path / "workflows/refund.yaml").write_text(WORKFLOW.replace("/told/", "/elsewhere/"))
    outside.performer(tmp_path)
    await outside.approved()
    assert paths(bank)[-1] == "PUT /told/7"


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ({"order": "7"}, "input 'amount' is no number"),
        ({"order": "7", "amount": "5"}, "input 'amount' is no number"),
        ({"order": "7", "amount": 5.0, "pin": "1"}, "no input 'pin'"),
    ],
)
async def test_bad_inputs(tmp_path: Path, inputs: dict[str, Any], why: str) -> None:
    _, actions = office(tmp_path, Bank())
    work = Perform(call_id="x", kind="workflow", block="b", request={"id": "refund", "inputs": inputs}, timeout_ms=100)
    result = await actions.perform(work)
    assert result.outcome == "failed" and why in result.why


async def test_names_of_what_is_not_there(tmp_path: Path) -> None:
    _, actions = office(tmp_path, Bank())
    request = {"id": "nothing", "inputs": {}}
    for kind, says in (("workflow", "no workflow 'nothing'"), ("rule", "no rules 'nothing'")):
        work = Perform(call_id="x", kind=kind, block="b", request=request, timeout_ms=100)  # type: ignore[arg-type]
        assert says in (await actions.perform(work)).why


async def test_what_breaks_is_an_outcome(tmp_path: Path) -> None:
    _, actions = office(tmp_path, Bank())
    result = await actions.perform(Perform(call_id="x", kind="http", block="b", request={}, timeout_ms=100))
    assert isinstance(result, Performed) and result.outcome == "http_error" and "KeyError" in result.why


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ("      idempotent: true\n", "", "workflow-step-repeat", 10),
        ("rule: limits", "rule: limit", "workflow-rule-unknown", 7),
        ("id: tell", "id: pay", "workflow-step-twice", 18),
        ("{{pay.no}}\"}}", "{{paid.no}}\"}}", "workflow-value-unset", 19),
        ("{{inputs.order}}\", body", "{{order}}\", body", "workflow-value-unset", 19),
        ("inputs.amount -", "inputs.amount - *", "workflow-expression", 10),
        ("refund_no: pay.no", "refund_no: pay.", "workflow-expression", 22),
    ],
)  # fmt: skip
def test_bad_workflows(old: str, new: str, rule: str, line: int) -> None:
    assert old in WORKFLOW
    try:
        problems = check(*parse_workflow(WORKFLOW.replace(old, new, 1)), {"limits": None})  # type: ignore[dict-item]
    except FileError as error:
        problems = error.problems
    found = {(problem.rule.id, problem.line) for problem in problems if problem.severity == "E"}
    assert (rule, line) in found


def test_a_good_workflow_has_no_problems() -> None:
    assert check(*parse_workflow(WORKFLOW), {"limits": None}) == []  # type: ignore[dict-item]
