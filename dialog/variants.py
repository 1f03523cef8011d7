"""Experiments in a run: which variant its caller meets, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialog import cel
from dialog.effects import Record
from dialog.verification.directory import normal_number

if TYPE_CHECKING:
    from dialog.turn import Turn


def unit_of(turn: Turn) -> str:
    """Whose variant it is: the customer's, else the number's, else the conversation's."""
    state = turn.state
    if state.customer_id:
        return f"customer:{state.customer_id}"
    if state.caller.number:
        return f"number:{normal_number(state.caller.number)}"
    return f"conversation:{state.conversation_id or state.contact_id}"


def meet(turn: Turn, experiment: str, weights: dict[str, float], success: str) -> str:
    """The caller's variant: sticky by `unit_of`, and within a contact whatever becomes known in it."""
    state = turn.state
    known = state.variants.get(experiment)
    if known is not None and known["variant"] in weights:
        return str(known["variant"])
    who = unit_of(turn)
    variant, tested = turn.ports.experiments.variant(experiment, weights, who)
    if tested:
        unit = turn.ports.experiments.unit(experiment, who)
        control = next(iter(weights))
        met = {"experiment": experiment, "variant": variant, "control": control, "unit": unit}
        state.variants[experiment] = {**met, "success": success}
        turn.effects.append(Record(kind="experiment.exposed", payload=met))
    return variant


def conclude(turn: Turn) -> None:
    """The contact ends: what came of the variants that it met."""
    state = turn.state
    transferred = state.to_people
    for met in state.variants.values():
        expression = str(met["success"])
        try:
            values = {**turn.values(), "ended": state.ended, "transferred": transferred}
            success = cel.evaluate(expression, values) is True if expression else not transferred
        except cel.ExpressionError:
            success = False
        payload = {**met, "success": success, "transferred": transferred}
        turn.effects.append(Record(kind="experiment.outcome", payload=payload))
    state.variants = {}
