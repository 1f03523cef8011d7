"""Fault cases that nobody has to write: the scenarios of a test, broken at every place where they can break.

Of each kind and place one case is played, at the first scenario that comes there:

* `hangup`    the caller hangs up in this block: the run must end, and say no more
* `silence`   the caller says nothing at this question, ever: a person, or a goodbye
* `speech`    what this block says cannot be spoken
* `<port>`    understanding, knowledge or customers time out or fail while the run is in this block
* `perform`   what an `http` or `action` block asks for fails, is late, or is never heard of again
* `inspect`   a picture is refused, or nobody ever says what is in it
* `think`     a language model gives up, says what it may not, or never answers
* `callback`  the desk does not take a callback, or never tells
* `transfer`  nobody answers, the line is busy, it fails, or nobody ever tells
* `agent`     the agent's line dies in this block
* `restart`   the app is killed after each step of each scenario; the rest must go on as written

Defined ends are a person (the queue, a transfer, a callback) and an end of the flow with words before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dialog.effects import Perform, Say
from dialog.events import AgentLost, TransferOutcome
from dialog.flowtest.answering import BROKEN
from dialog.flowtest.moment import ScenarioFailed
from dialog.flowtest.outside import LOST, GivenPerformer
from dialog.flowtest.player import Player
from dialog.flowtest.scenario import Scenario
from dialog.flowtest.virtual_call import MOST_MOVES, PEOPLE

MOST_SILENCES = 12
_PORT_ERRORS: tuple[tuple[str, type[Exception]], ...] = (("times out", TimeoutError), ("fails", OSError))
_TRANSFERS: tuple[TransferOutcome | None, ...] = ("no_answer", "busy", "failed", None)
_PERFORMED = {
    "http": ("timeout", "http_error", LOST),
    "rule": ("failed", LOST),
    "workflow": ("failed", LOST),
    "code": ("failed", "limited", LOST),
}

MakePlayer = Callable[[Scenario], Player]
"""A fresh player with fresh ports (`given_ports`); called once per case."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One generated case: what was broken where, in which scenario after which step; `why` it did not end well."""

    kind: str
    block: str
    scenario: str
    step: int
    end: str = ""
    why: str = ""
    talk: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """It ended in a defined way."""
        return not self.why

    def __str__(self) -> str:
        place = f"{self.kind} in block {self.block!r}, after step {self.step} of {self.scenario!r}"
        return f"{place}: {self.why or self.end}"


@dataclass(frozen=True, slots=True)
class _Place:
    """The run after a step of a scenario that holds."""

    scenario: Scenario
    step: int
    block: str
    phase: str
    asks: bool
    typing: bool
    ended: bool


async def play_faults(make: MakePlayer, scenarios: list[Scenario]) -> list[Fault]:
    """Every fault case of these scenarios; those that do not hold by themselves are passed over."""
    found: list[Fault] = []
    places: list[_Place] = []
    ports: list[tuple[Scenario, int, str, str]] = []
    performs: list[tuple[Scenario, str, str]] = []
    asked: list[tuple[Scenario, str, str]] = []
    spoken: dict[str, Scenario] = {}
    for scenario in scenarios:
        try:
            player, seen = await _walk(make, scenario)
        except ScenarioFailed:
            continue
        places += seen
        ports += [(scenario, number, call.port, call.block) for number, call in enumerate(player.breaker.calls)]
        asked += [(scenario, kind, block) for kind, block in player.outside.asked]
        for effect in player.effects:
            if isinstance(effect, Say) and effect.channel != "chat":
                spoken.setdefault(effect.block, scenario)
        performs += [(scenario, effect.block, effect.kind) for effect in player.effects if isinstance(effect, Perform)]
    found += [await _hang_up(make, place) for place in _first(places, lambda place: not place.ended)]
    found += [await _silence(make, place) for place in _first(places, lambda place: place.asks and not place.ended)]
    found += [await _agent_lost(make, place) for place in _first(places, lambda place: place.phase == "talking")]
    for place in _first(places, lambda place: place.phase == "transfer"):
        found += [await _transfer(make, place, outcome) for outcome in _TRANSFERS]
    found += [fault for place in places if not place.ended and (fault := await _restart(make, place))]
    found += [await _speech(make, scenario, block) for block, scenario in spoken.items()]
    known: set[tuple[str, str]] = set()
    for scenario, number, port, block in ports:
        if (port, block) not in known:
            known.add((port, block))
            for how, error in _PORT_ERRORS:
                found.append(await _port(make, scenario, number, f"{port} {how}", block, error))
    done: set[str] = set()
    for scenario, block, kind in performs:
        if block not in done:
            done.add(block)
            found += [await _perform(make, scenario, block, outcome) for outcome in _PERFORMED[kind]]
    for kind, block in dict.fromkeys((kind, block) for _, kind, block in asked):
        first = next(scenario for scenario, *what in asked if what == [kind, block])
        found += [await _asked_for(make, first, kind, block, outcome) for outcome in BROKEN[kind]]
    return found


def _first(places: list[_Place], wanted: Callable[[_Place], bool]) -> Iterator[_Place]:
    seen: set[tuple[str, str]] = set()
    for place in places:
        if wanted(place) and (place.block, place.phase) not in seen:
            seen.add((place.block, place.phase))
            yield place


async def _walk(make: MakePlayer, scenario: Scenario) -> tuple[Player, list[_Place]]:
    """The scenario step by step, and where the run was. Raises `ScenarioFailed`."""
    player = make(scenario)
    places: list[_Place] = []
    await player.play(0)
    for number in range(len(scenario.steps) + 1):
        if number:
            await player.step(scenario.steps[number - 1])
        state = player.state
        places.append(
            _Place(
                scenario,
                number,
                state.block,
                state.phase,
                asks=player.engine.flow.blocks[state.block].hears and state.phase not in PEOPLE,
                typing=bool(state.private.digits),
                ended=bool(state.ended) or state.gone,
            )
        )
    await player.finish()
    return player, places


async def _hang_up(make: MakePlayer, place: _Place) -> Fault:
    player = await _at(make, place)
    spoken = len(player.prompts)
    try:
        await player.hang_up()
        if not player.state.ended:
            player.fail("the caller is gone, but the run has not ended")
        if len(player.prompts) > spoken:
            player.fail("the bot speaks to nobody")
    except ScenarioFailed as error:
        return _broken("hangup", place, error)
    return Fault("hangup", place.block, place.scenario.name, place.step, player.state.ended)


async def _silence(make: MakePlayer, place: _Place) -> Fault:
    player = await _at(make, place)
    try:
        end = await _conclude(player)
    except ScenarioFailed as error:
        return _broken("silence", place, error)
    return Fault("silence", place.block, place.scenario.name, place.step, end)


async def _agent_lost(make: MakePlayer, place: _Place) -> Fault:
    player = await _at(make, place)
    try:
        player.said.clear()
        await player.tell(AgentLost())
        end = await _conclude(player)
    except ScenarioFailed as error:
        return _broken("agent", place, error)
    return Fault("agent", place.block, place.scenario.name, place.step, end)


async def _transfer(make: MakePlayer, place: _Place, outcome: TransferOutcome | None) -> Fault:
    """`outcome` None: nobody ever tells."""
    player = await _at(make, place)
    kind = f"transfer {outcome or LOST}"
    try:
        player.said.clear()
        if outcome is None:
            await player.silence()
        else:
            await player.transfer(outcome)
        end = await _conclude(player)
    except ScenarioFailed as error:
        return _broken(kind, place, error)
    return Fault(kind, place.block, place.scenario.name, place.step, end)


async def _restart(make: MakePlayer, place: _Place) -> Fault | None:
    player = await _at(make, place)
    end = "goes on as written"
    try:
        await player.restart()
        if place.typing or player.state.private.digits:
            end = await _conclude(player)  # half a number is forgotten on purpose and asked for again
        else:
            for step in place.scenario.steps[place.step :]:
                await player.step(step)
            await player.finish()
    except ScenarioFailed as error:
        return _broken("restart", place, error)
    return Fault("restart", place.block, place.scenario.name, place.step, end)


async def _speech(make: MakePlayer, scenario: Scenario, block: str) -> Fault:
    player = make(scenario)
    player.unspoken = block
    return await _through(player, scenario, "speech", block, lambda: player.unheard > 0)


async def _port(
    make: MakePlayer, scenario: Scenario, number: int, kind: str, block: str, error: type[Exception]
) -> Fault:
    player = make(scenario)
    player.breaker.armed = (number, error)
    return await _through(player, scenario, kind, block, lambda: len(player.breaker.calls) > number)


async def _perform(make: MakePlayer, scenario: Scenario, block: str, outcome: str) -> Fault:
    player = make(scenario)
    performer = player.engine.ports.performer
    if isinstance(performer, GivenPerformer):
        performer.broken[block] = outcome
    return await _through(
        player, scenario, f"perform {outcome}", block, lambda: block in player.visited[:-1] or _asked(player, block)
    )


async def _asked_for(make: MakePlayer, scenario: Scenario, kind: str, block: str, outcome: str) -> Fault:
    player = make(scenario)
    player.outside.broken[kind, block] = outcome
    return await _through(player, scenario, f"{kind} {outcome}", block, lambda: (kind, block) in player.outside.asked)


def _asked(player: Player, block: str) -> bool:
    return any(isinstance(effect, Perform) and effect.block == block for effect in player.effects)


async def _through(player: Player, scenario: Scenario, kind: str, block: str, happened: Callable[[], bool]) -> Fault:
    """Play on until it has happened; what was written no longer counts then, only how it ends."""
    try:
        await player.play(0)
        for step in scenario.steps:
            try:
                await player.step(step)
            except ScenarioFailed:
                if not happened():
                    raise
            if happened():
                break
        end = await _conclude(player)
    except ScenarioFailed as error:
        return Fault(kind, block, scenario.name, player.number, "", error.moment.why, tuple(error.moment.talk))
    return Fault(kind, block, scenario.name, player.number, end)


async def _at(make: MakePlayer, place: _Place) -> Player:
    player = make(place.scenario)
    await player.play(place.step)
    return player


async def _conclude(player: Player) -> str:
    """Say nothing more, and see how the run ends. Raises `ScenarioFailed` when that is in no defined way."""
    silences = 0
    for _ in range(MOST_MOVES):
        await player.settle()
        state = player.state
        if state.ended:
            if state.ended == "error":
                player.fail("the run was given up after errors, without a word to the caller")
            if not any(isinstance(effect, Say) for effect in player.effects[player.turn_began :]):
                player.fail("the run ends without a word")
            return f"ends as {state.ended!r}"
        if state.phase in PEOPLE:
            return f"a person ({state.block})"
        if not player.timers:
            player.fail("nobody speaks, and nothing is waited for")
        if "no_input" in player.timers:
            silences += 1
            if silences > MOST_SILENCES:
                player.fail(f"still asking after {MOST_SILENCES} silences")
        await player.silence()
    player.fail("no end in sight")


def _broken(kind: str, place: _Place, error: ScenarioFailed) -> Fault:
    moment = error.moment
    return Fault(kind, place.block, place.scenario.name, place.step, "", moment.why, tuple(moment.talk))
