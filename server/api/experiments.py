"""Experiments: how they stand, how many callers one needs, and giving everybody the better variant."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from dialog.experiment.stats import sample_size
from server.api.access import Supervisor
from server.experiments import ExperimentDesk, UnknownExperiment
from session.strict import Strict

router = APIRouter(prefix="/api/experiments", tags=["experiments"])


class Against(BaseModel):
    """Variant less control: the interval holds at every look at once, so it may be read at any time."""

    difference: float
    low: float
    high: float
    p: float
    sure: bool


class VariantOut(BaseModel):
    """One variant."""

    variant: str
    exposed: int
    outcomes: int
    success_rate: float
    transfer_rate: float
    stopped: bool
    against_control: Against | None
    transfers_against_control: Against | None


class ExperimentOut(BaseModel):
    """One experiment."""

    id: str
    control: str
    promoted: str
    variants: list[VariantOut]


class Promotion(Strict):
    """Which variant everybody gets."""

    variant: str = Field(min_length=1, max_length=64)


@router.get("")
async def listed(_user: Supervisor, request: Request) -> list[ExperimentOut]:
    """All experiments that callers met."""
    desk = await _desk(request)
    return [ExperimentOut.model_validate(await desk.shown(name)) for name in sorted(desk.results)]


@router.get("/sample-size")
async def needed(
    _user: Supervisor,
    rate: Annotated[float, Query(gt=0, lt=1, description="share of successes now")],
    lift: Annotated[float, Query(gt=-1, lt=1, description="difference to be found")],
) -> dict[str, int]:
    """Callers per variant, for a test of a fixed size with 5 % error and 80 % power."""
    try:
        return {"per_variant": sample_size(rate, lift)}
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


@router.get("/{name}")
async def shown(name: str, _user: Supervisor, request: Request) -> ExperimentOut:
    """One experiment."""
    try:
        return ExperimentOut.model_validate(await (await _desk(request)).shown(name))
    except UnknownExperiment as error:
        raise HTTPException(404, str(error)) from error


@router.post("/{name}/promote")
async def promote(name: str, wanted: Promotion, user: Supervisor, request: Request) -> dict[str, Any]:
    """Everybody gets this variant, within a few seconds, without a change to the file."""
    try:
        await (await _desk(request)).promote(name, wanted.variant, user.name)
    except UnknownExperiment as error:
        raise HTTPException(404, str(error)) from error
    return {"promoted": wanted.variant}


async def _desk(request: Request) -> ExperimentDesk:
    desk: ExperimentDesk | None = getattr(request.app.state, "experiments", None)
    if desk is None:
        desk = request.app.state.experiments = ExperimentDesk(request.app.state.store)
    await desk.read()
    return desk
