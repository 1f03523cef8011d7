"""Many legs over real sockets in virtual time: who hears whom, to the sample, while sets change."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import numpy as np
import pytest

from media.frames import SPEECH_RATE, Samples
from media.mix import GONE_S, KEEPALIVE_S, MOST_PEERS, Mix, socket_path
from media.peers import FRAME

pytestmark = pytest.mark.virtual_time

LEVEL = 3000


class Member:
    """A leg's part in the mix, whose remote side hums at a pitch of its own."""

    def __init__(self, folder: Path, name: str, hz: int) -> None:
        self.name = name
        self.told: list[tuple[str, bool, str]] = []
        self.mix = Mix(name, folder, told=lambda *news: self.told.append(news))
        self.came: list[Samples] = []
        self.hz = hz
        self._at = 0

    def say(self) -> Samples:
        at = np.arange(self._at, self._at + FRAME)
        self._at += FRAME
        return (LEVEL * np.sin(2 * np.pi * self.hz * at / SPEECH_RATE)).astype(np.int16)

    def fetch(self) -> None:
        total = self.mix.pull()
        self.came.append(np.zeros(FRAME, np.int16) if total is None else total.astype(np.int16))

    def lately(self, frames: int) -> Samples:
        return np.concatenate(self.came[-frames:])


class Room:
    """Members who all speak and listen, a frame every 20 ms."""

    def __init__(self, folder: Path, names: str) -> None:
        self.members = {name: Member(folder, name, 300 + 70 * number) for number, name in enumerate(names)}
        self.silent: set[str] = set()

    def __getitem__(self, name: str) -> Member:
        return self.members[name]

    def hear(self, **heard: str) -> None:
        """Who hears whom; the rest follows, as the app has it."""
        for name, theirs in heard.items():
            self[name].mix.order(theirs, [other for other, them in heard.items() if name in them])

    def everybody(self, names: str) -> None:
        self.hear(**{name: names.replace(name, "") for name in names})

    async def go_on(self, frames: int) -> None:
        for _ in range(frames):
            for member in self.members.values():
                if member.name not in self.silent:
                    member.mix.send(member.say())
            await asyncio.sleep(0.02)
            for member in self.members.values():
                member.fetch()

    def close(self) -> None:
        for member in self.members.values():
            member.mix.close()


def heard_in(room: Room, samples: Samples) -> str:
    """Whose pitches are in it, at anything near their level."""
    names = []
    at = np.arange(len(samples))
    for name, member in room.members.items():
        wave = np.exp(-2j * np.pi * member.hz * at / SPEECH_RATE)
        if abs(2 * np.mean(samples * wave)) > LEVEL / 2:
            names.append(name)
    return "".join(names)


def sharpest(samples: Samples) -> int:
    """The greatest step between neighbouring samples' slopes: a click or a gap has one, a hum has none."""
    return int(np.abs(np.diff(samples.astype(int), 2)).max())


async def test_eight_hear_each_other_and_nobody_hears_himself(tmp_path: Path) -> None:
    room = Room(tmp_path, "abcdefgh")
    room.everybody("abcdefgh")
    await room.go_on(60)
    for name, member in room.members.items():
        assert heard_in(room, member.lately(50)) == "abcdefgh".replace(name, "")
        assert sorted(member.told) == [(other, True, "") for other in "abcdefgh" if other != name]
    room.close()
    assert not list(tmp_path.iterdir())


async def test_a_set_that_changes_is_nothing_to_the_others(tmp_path: Path) -> None:
    room = Room(tmp_path, "abcde")
    room.everybody("abc")
    await room.go_on(20)
    before = len(room["a"].came)
    expected: list[int] = []
    for change in range(12):
        if change % 2:
            room.hear(a="bc", b="ac", c="ab", d="", e="")
        else:
            room.hear(a="bc", b="acd", c="ab", d="abc", e="abcd")  # d whispers to b, e listens to all
        await room.go_on(5)
        expected.append(len(room["a"].came))
    # a and c hear the same two all along: pure hums, without a step, to the last sample.
    for name in "ac":
        heard = np.concatenate(room[name].came[before:])
        assert heard_in(room, heard) == "abc".replace(name, "")
        assert sharpest(heard) < 2 * LEVEL * (2 * np.pi * 600 / SPEECH_RATE) ** 2
    # b hears d come and go, and no click with it.
    assert sharpest(np.concatenate(room["b"].came[before:])) < 3 * LEVEL * (2 * np.pi * 600 / SPEECH_RATE) ** 2
    assert [news for news in room["b"].told if news[0] == "d"] == [("d", True, ""), ("d", False, "ordered")] * 6
    assert not any(news[0] in "de" for news in room["a"].told)
    room.close()


async def test_who_hears_whom_is_each_listeners_own(tmp_path: Path) -> None:
    room = Room(tmp_path, "cas")  # customer, agent, supervisor
    for modes in ({"c": "a", "a": "c", "s": "ca"}, {"c": "a", "a": "cs", "s": "ca"}, {"c": "as", "a": "cs", "s": "ca"}):
        room.hear(**modes)  # monitor, whisper, barge
        await room.go_on(40)
        for name, hears in modes.items():
            assert sorted(heard_in(room, room[name].lately(30))) == sorted(hears)
    room.hear(c="", a="s", s="a")  # held
    await room.go_on(40)
    assert not room["c"].lately(30).any()
    assert heard_in(room, room["a"].lately(30)) == "s"
    room.close()


async def test_a_listener_that_does_not_read_costs_nobody_anything(tmp_path: Path) -> None:
    room = Room(tmp_path, "abc")
    stuck = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in "abc"]
    for one, speaker in zip(stuck, "abc", strict=True):
        one.bind(str(socket_path(tmp_path, "stuck", speaker)))
    for name in "abc":
        room[name].mix.order("abc".replace(name, ""), [*"abc".replace(name, ""), "stuck", "nobody"])
    await room.go_on(200)
    for name in "abc":
        heard = room[name].lately(190)
        assert heard_in(room, heard) == "abc".replace(name, "")
        assert sharpest(heard) < 2 * LEVEL * (2 * np.pi * 600 / SPEECH_RATE) ** 2
    for one in stuck:
        one.close()
    room.close()


async def test_a_speaker_who_floods_is_heard_by_nobody_else(tmp_path: Path) -> None:
    room = Room(tmp_path, "abc")
    room.everybody("abc")
    await room.go_on(10)
    for _ in range(100):
        for number in range(60):
            if number % 3 == 0:
                await asyncio.sleep(0)
            room["c"].mix.send(room["c"].say())
        await room.go_on(1)
    steady = room["b"].mix._voices._buffers["a"]
    assert (steady.concealed, steady.dropped, steady.late) == (0, 0, 0)
    room["c"].mix.order([], [])
    room.silent.add("c")
    await room.go_on(60)
    assert heard_in(room, room["b"].lately(50)) == "a"
    room.close()


async def test_silence_is_not_absence_and_who_comes_back_is_told(tmp_path: Path) -> None:
    room = Room(tmp_path, "ab")
    room.everybody("ab")
    room.silent = {"a", "b"}
    await asyncio.sleep(5 * GONE_S)
    assert room["a"].told == [("b", True, "")]
    room["b"].mix.close()
    await asyncio.sleep(GONE_S + 2 * KEEPALIVE_S)
    assert room["a"].told[1:] == [("b", False, "gone")]
    assert not room["a"].mix.accompanied
    room.members["b"] = Member(room["a"].mix._folder, "b", 500)  # its process was started anew
    room["b"].mix.order("a", "a")
    room.silent = set()
    await room.go_on(40)
    assert room["a"].told[2:] == [("b", True, "")]
    assert heard_in(room, room["a"].lately(30)) == "b"
    room.close()


async def test_a_speaker_who_never_comes_is_told_once_and_may_still_come(tmp_path: Path) -> None:
    room = Room(tmp_path, "ab")
    room["a"].mix.order("b", "b")
    await asyncio.sleep(10)
    assert room["a"].told == [("b", False, "never_came")]
    room["b"].mix.order("a", "a")
    await room.go_on(5)
    assert room["a"].told[1:] == [("b", True, "")]
    room.close()


async def test_orders_that_cannot_be_carried_out_change_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path, "ab")
    room.everybody("ab")
    with pytest.raises(ValueError, match="with itself"):
        room["a"].mix.order("a", "b")
    with pytest.raises(ValueError, match=f"at most {MOST_PEERS}"):
        room["a"].mix.order([str(number) for number in range(MOST_PEERS + 1)], [])
    (tmp_path / "file").touch()
    assert (room["a"].mix.hears, room["a"].mix.sends_to) == (["b"], ["b"])
    far = Mix("a", tmp_path / ("x" * 120), told=lambda *_: None)
    with pytest.raises(ValueError, match="too long"):
        far.order("b", "b")
    nowhere = Mix("a", tmp_path / "file", told=lambda *_: None)
    with pytest.raises(OSError, match="Not a directory"):
        nowhere.order("b", "b")
    assert not far.hears
    room.close()


async def test_a_leg_takes_anothers_place_and_the_caller_hears_no_hole(tmp_path: Path) -> None:
    room = Room(tmp_path, "caz")  # the caller, the agent, and the agent's page after its reload
    room.hear(c="a", a="c", z="")
    await room.go_on(20)
    room.hear(c="az", a="c", z="c")
    await room.go_on(10)
    room["a"].mix.close()
    room.silent.add("a")
    room["c"].mix.order("z", "z")
    await room.go_on(60)
    joined = np.concatenate(room["c"].came[20:])
    loudness = np.abs(joined.reshape(-1, FRAME)).max(axis=1)
    assert loudness.min() > LEVEL / 2
    assert heard_in(room, room["c"].lately(40)) == "z"
    assert heard_in(room, room["z"].lately(40)) == "c"
    assert room["c"].told == [("a", True, ""), ("z", True, ""), ("a", False, "ordered")]
    room.close()
