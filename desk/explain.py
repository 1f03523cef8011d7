"""Why a contact was offered to this agent, or to nobody yet."""

from __future__ import annotations

from dataclasses import dataclass

from desk.lines import points_of
from desk.model import Agent, Decision, Needs, Waiting, slot_of
from desk.queues import QueueSpec
from desk.roster import GROUPS, SAID, Roster, group_of
from desk.strategies import Choice

MOST_NAMED = 50  # agents in the explanation of a wait


@dataclass(frozen=True, slots=True)
class Waits:
    """Why a contact waits: its place, its points, and what keeps each agent (at most 50) from taking it."""

    contact_id: str
    queue: str
    position: int
    points: float
    waited_ms: int
    needs: Needs
    agents: tuple[tuple[str, str], ...]
    passed_over: dict[str, int]


def decision(
    contact: Waiting, spec: QueueSpec, choice: Choice, agent: Agent, able: int, roster: Roster, now_ms: int
) -> Decision:
    """`able`: mask of those who may take it, whatever they are doing."""
    waited_ms = now_ms - contact.enqueued_ms
    points = points_of(contact, spec, now_ms)
    free = able & roster.free(slot_of(contact.channel))
    ahead = f", {contact.head_ms // 1000} s of it for being upset" if contact.head_ms else ""
    why = f"{choice.why}; waited {waited_ms // 1000} s, {points:.1f} points{ahead}"
    return Decision(
        spec.queue,
        spec.strategy,
        agent.agent_id,
        why,
        round(points, 3),
        waited_ms,
        len(roster.agents),
        free.bit_count(),
        passed_over(contact, able, roster),
        choice.behind,
    )


def passed_over(contact: Waiting, able: int, roster: Roster) -> dict[str, int]:
    """How many agents could not take it, by why; counted on masks, whatever their number."""
    counts = {"unskilled": len(roster.agents) - able.bit_count()}
    for group in GROUPS[1:]:
        counts[group] = (able & roster.groups[group]).bit_count()
    slot = slot_of(contact.channel)
    among, broken = able & roster.groups["open"], roster.broken(slot)
    counts["error"] = (among & broken).bit_count()
    counts["busy"] = (among & ~roster.room[slot] & ~broken).bit_count()
    return {SAID[why]: count for why, count in counts.items() if count}


def waits(
    contact: Waiting, spec: QueueSpec, needs: Needs, able: int, position: int, roster: Roster, now_ms: int
) -> Waits:
    """Asked by a person, so everybody is looked at."""
    slot = slot_of(contact.channel)
    said: list[tuple[str, str]] = []
    for agent in roster.agents.values():
        group = group_of(agent)
        if not able >> agent.index & 1:
            said.append((agent.agent_id, _unable(agent, contact, spec, needs)))
        elif group != "open":
            said.append((agent.agent_id, SAID[group]))
        elif roster.broken(slot) >> agent.index & 1:
            said.append((agent.agent_id, SAID["error"]))
        elif agent.taken(slot) >= agent.capacity.of(slot):
            said.append((agent.agent_id, SAID["busy"]))
        else:
            said.append((agent.agent_id, "free"))
    said.sort(key=lambda entry: entry[1].startswith(("lacks", "is not")))  # who could comes first
    return Waits(
        contact.contact_id,
        contact.queue,
        position,
        round(points_of(contact, spec, now_ms), 3),
        now_ms - contact.enqueued_ms,
        needs,
        tuple(said[:MOST_NAMED]),
        passed_over(contact, able, roster),
    )


def _unable(agent: Agent, contact: Waiting, spec: QueueSpec, needs: Needs) -> str:
    if contact.only is not None:
        return "is not the one it is for"
    if agent.agent_id in contact.but:
        return "is not one who may take it: they are in it already"
    if agent.queues and spec.queue not in agent.queues:
        return "is not in this queue"
    lacking = [f"{skill} ≥ {level}" for skill, level in needs if agent.skills.get(skill, 0) < level]
    return f"lacks {', '.join(lacking)}"
