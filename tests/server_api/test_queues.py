"""Queues over the API: who may, what is refused and why, and that the desk hears of it."""

from __future__ import annotations

from typing import Any

import pytest

NEW = {"queue": "night", "name": "Night line", "skills": [{"skill": "zh", "min_level": 3}], "acw_s": 30}


async def test_a_queue_is_made_set_and_removed(world: Any) -> None:
    async with await world.as_user("sue") as sue:
        made = await sue.post("/api/queues", json=NEW)
        assert made.status_code == 201, made.text
        assert made.json() | {} == {
            **made.json(),
            **NEW,
            "strategy": "longest_idle",
            "sl_target": {"share": 0.8, "seconds": 20},
            "overflow": {"to": "exit", "name": ""},
            "announce": {"position": True, "wait": True, "every_s": 30.0},
            "hours": None,
            "misses_to_pause": 3,
        }
        assert "hotline/office" in made.json()["calendars"]
        changed = await sue.put(
            "/api/queues/night",
            json={"strategy": "round_robin", "hours": "hotline/office", "music": "flows/audio/hold.flac"},
        )
        assert (changed.json()["strategy"], changed.json()["acw_s"]) == ("round_robin", 60.0)  # anew: the default
        assert [one["queue"] for one in (await sue.get("/api/queues")).json()] == ["night"]
        assert ("queues_changed",) in world.control.asked
        assert (await sue.delete("/api/queues/night")).status_code == 204
        assert (await sue.get("/api/queues/night")).status_code == 404


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"strategy": "fastest"}, "strategy"),
        ({"skills": [{"skill": "zh", "min_level": 6}]}, "skills.0.min_level"),
        ({"skills": [{"skill": "zh"}, {"skill": "zh"}]}, "skills: Value error, each skill once"),
        ({"acw_s": -1}, "acw_s"),
        ({"colour": "red"}, "colour: is no field of this request"),
        ({"sl_target": {"share": 0.8, "within": 20}}, "sl_target.within: is no field of this request"),
        ({"priority": True}, "priority: Input should be a number"),
        ({"max_wait_s": "300"}, "max_wait_s: Input should be a number"),
        ({"skills": [{"skill": "zh", "min_level": True}]}, "skills.0.min_level: Input should be a number"),
        ({"overflow": {"to": "queue"}}, "overflow: Value error, name"),
        ({"overflow": {"to": "queue", "name": "night"}}, "cannot overflow into itself"),
        ({"overflow": {"to": "queue", "name": "nowhere"}}, "there is no queue 'nowhere'; there are day, night"),
        ({"overflow": {"to": "queue", "name": "day"}}, "day → night → day goes round"),
        ({"hours": "warehouse"}, "there is no calendar 'warehouse'"),
        ({"music": "../etc/passwd"}, "beneath the installation"),
        ({"queue": "other"}, "an id stays"),
    ],
)
async def test_what_is_wrong_is_named_with_its_mend(world: Any, change: dict[str, Any], says: str) -> None:
    async with await world.as_user("sue") as sue:
        await sue.post("/api/queues", json={"queue": "night"})
        day = {"queue": "day", "overflow": {"to": "queue", "name": "night"}}
        assert (await sue.post("/api/queues", json=day)).status_code == 201
        refused = await sue.put("/api/queues/night", json=change)
        assert refused.status_code == 422
        assert says in refused.json()["detail"]
        assert (await sue.get("/api/queues/night")).json()["strategy"] == "longest_idle"
        assert (await sue.delete("/api/queues/night")).status_code == 409  # day overflows into it


async def test_staff_read_and_supervisors_write(world: Any) -> None:
    async with await world.as_user("amy") as amy, await world.as_user("dee") as dee, world.client() as nobody:
        assert (await amy.get("/api/queues")).status_code == 200
        assert (await amy.post("/api/queues", json=NEW)).status_code == 403
        assert (await dee.get("/api/queues")).status_code == 403
        assert (await nobody.get("/api/queues")).status_code == 401
    async with await world.as_user("root") as root:
        assert (await root.post("/api/queues", json=NEW)).status_code == 201
        assert (await root.post("/api/queues", json=NEW)).status_code == 409
