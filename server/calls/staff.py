"""Queues and agents of the store, taken over by the desk while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from desk.model import AgentChanged, Availability, Capacity
from server.calls.surroundings import AgentCard

if TYPE_CHECKING:
    from dialog.flow import Flow
    from server.calls.controller import Controller
    from session.store import Store


UNREGISTERED = "the phone is not registered"


async def keep(store: Store, action: AgentChanged) -> None:
    """An agent's new state, into the store."""
    await store.agent_state(
        action.agent_id,
        availability=action.availability,
        routing_status=action.status,
        contact_id=(action.contact_id or "").partition("/")[0] or None,
        reason=action.reason,
        next_availability=action.next_availability,
        next_reason=action.next_reason,
        missed=action.missed,
    )


async def read_queues(controller: Controller) -> None:
    """What supervisors set, and (with defaults) whatever a flow names; waiting contacts follow at once."""
    await controller.queues.ensure()
    specs = await controller.queues.specs()
    desk = controller.desk
    desk.do(desk.desk.set_queues(specs.values(), desk.now()))


def flows(controller: Controller) -> list[Flow]:
    """Those that callers meet now."""
    return list(controller.dialog.flows.values())


def is_open(controller: Controller, calendar: str, at: int) -> bool:
    """By the calendar, at this time of the desk's clock."""
    return controller.openings.is_open(calendar, controller.now_ms() + at - controller.desk.now())


async def read_agents(controller: Controller) -> None:
    """Those who are new, changed or gone."""
    desk = controller.desk
    known = {agent.user_id: agent for agent in await controller.users.agents()}
    for user_id in set(controller.cards) - set(known):
        desk.do(desk.desk.remove_agent(user_id, desk.now()))
        del controller.cards[user_id]
    for user_id, agent in known.items():
        target = {"sip": f"sip:{agent.name}@{controller.domain}", "uri": agent.uri}.get(agent.device or "", "")
        new = user_id not in controller.cards
        device = agent.device or "browser"
        controller.cards[user_id] = AgentCard(user_id, agent.name, agent.display_name, target, device)
        skills = {one.skill: one.level for one in agent.skills}
        capacity = Capacity(agent.voice_capacity, agent.chat_capacity)
        desk.do(desk.desk.upsert_agent(user_id, skills, desk.now(), queues=agent.queues, capacity=capacity))
        registered = controller.around.phones.registered(controller.cards[user_id])
        desk.do(desk.desk.fault(user_id, UNREGISTERED if registered is False else "", desk.now()))
        if new and agent.availability != "offline":
            was = desk.desk.restore(
                user_id,
                desk.now(),
                availability=cast("Availability", agent.availability),
                reason=agent.reason,
                next_availability=cast("Availability | None", agent.next_availability),
                next_reason=agent.next_reason,
                missed=agent.missed,
            )
            desk.do(was)
