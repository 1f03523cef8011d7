"""Watchers of the event bus."""

from __future__ import annotations

from contextlib import aclosing

from session.bus import SUBSCRIBER_BACKLOG, EventBus


async def test_who_follows_is_told_of_each_gap_and_goes_on() -> None:
    bus = EventBus()
    async with aclosing(bus.follow(lambda event: event.type == "wanted")) as events:
        assert await anext(events) is None  # from now on nothing is missed
        bus.publish_live("c", "other", {})
        for number in range(SUBSCRIBER_BACKLOG + 5):
            bus.publish_live("c", "wanted", {"number": number})
        told = [await anext(events) for _ in range(SUBSCRIBER_BACKLOG)]
        assert [event.payload["number"] for event in told if event] == list(range(SUBSCRIBER_BACKLOG))
        assert await anext(events) is None
        bus.publish_live("c", "wanted", {"number": -1})
        again = await anext(events)
        assert again is not None and again.payload == {"number": -1}
    assert not bus._subscriptions
