"""What agents ask of live calls, through the API: `server.api.desk_ports.DeskControl` over the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.api import views
from server.api.ports import NotNow, Turned
from server.calls.agent_side import AgentSide
from server.calls.asking import asked
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.showing import Showing
from server.hub import NoWorker
from session.queries import Queries

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.controller import Controller

RETRY_AFTER_S = 10  # told to browsers for which no worker has room


class AgentControl:
    """One per app; stateless."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._showing = Showing(controller)

    def view(self, user_id: str) -> views.AgentView:
        """What the agent's page shows."""
        return self._showing.agent(user_id)

    def directory(self, query: str) -> list[views.DirectoryEntry]:
        """Whom one may transfer to."""
        return self._showing.directory(query)

    async def set_availability(self, user_id: str, availability: views.Availability, reason: str, *, by: str) -> None:
        """The agent chose, or a supervisor did."""
        if user_id not in self._controller.cards:
            raise LookupError("there is no such agent")
        self._controller.set_availability(user_id, availability)

    async def set_device(self, user_id: str, device: views.Device, uri: str) -> None:
        """How the agent is reached from now on."""
        raise NotNow("ask an admin to change how you are reached")

    # ------------------------------------------------------------------ offers

    async def accept(self, user_id: str, offer_id: str, sdp: str | None) -> views.Taken:
        """The agent answers in the browser."""
        contact, agent = self._offered(user_id, offer_id)
        if sdp is None:
            raise NotNow("answer on your phone" if agent.card.target else "a browser has to send its offer (sdp)")
        try:
            answer = await agent.answer_in_browser(sdp)
        except NoWorker as error:
            raise Turned("no media worker has room", RETRY_AFTER_S) from error
        except COMMAND_ERRORS as error:
            contact.post(lambda: agent.give_up("failed"))
            raise ValueError(f"sdp: {error}") from error
        return views.Taken(answer.sdp, agent.leg_id, contact.contact_id, contact.conversation_id)

    async def decline(self, user_id: str, offer_id: str) -> None:
        """The next agent, or back to the queue at the same place."""
        contact, agent = self._offered(user_id, offer_id)
        contact.post(lambda: agent.give_up("declined"))

    # ------------------------------------------------------------------ the call

    async def rejoin(self, user_id: str, contact_id: str, sdp: str) -> views.Rejoined:
        """The agent's browser comes back."""
        raise NotNow("your place in this call is not kept")

    async def hold(self, user_id: str, contact_id: str, on: bool, party_id: str | None) -> None:
        """Hold or take back."""
        contact, _ = self._talking(user_id, contact_id)
        if party_id not in (None, contact.customer.participant_id):
            raise NotNow("there is nobody else in this call")
        await asked(contact, lambda: contact.handover.hold(on))

    async def mute(self, user_id: str, contact_id: str, on: bool) -> None:
        """The agent's microphone."""
        contact, agent = self._talking(user_id, contact_id)
        await asked(contact, lambda: agent.mute(on))

    async def keypad(self, user_id: str, contact_id: str, party_id: str, digits: str) -> None:
        """Tones to one party."""
        raise NotNow("there is nobody to send tones to")

    async def hang_up(self, user_id: str, contact_id: str) -> None:
        """The agent leaves; the flow goes on with the caller."""
        contact, agent = self._talking(user_id, contact_id)
        await asked(contact, lambda: agent.hang_up("hangup"))

    async def record(self, user_id: str, contact_id: str, on: bool) -> None:
        """Pause the recording, or go on with it."""
        raise NotNow("nothing is recorded")

    async def consult(self, user_id: str, contact_id: str, target: views.Target) -> views.Party:
        """Ask somebody, the customer on hold."""
        raise NotNow("nobody can be asked now")

    async def consult_step(self, user_id: str, contact_id: str, step: str) -> None:
        """Swap, cancel, conference or complete."""
        raise NotNow("nobody is being asked")

    async def transfer(self, user_id: str, contact_id: str, target: views.Target) -> None:
        """To somebody unasked."""
        raise NotNow("nobody can be transferred now")

    async def drop(self, user_id: str, contact_id: str, party_id: str) -> None:
        """Remove somebody from the call."""
        raise NotNow("there is nobody else in this call")

    async def park(self, user_id: str, contact_id: str) -> str:
        """The code by which the customer is taken back."""
        raise NotNow("nobody can be parked now")

    async def take_parked(self, user_id: str, code: str, sdp: str | None) -> views.Taken:
        """Take a parked customer."""
        raise NotNow("nobody is parked under this code")

    def parked(self) -> list[views.Parked]:
        """All that are parked."""
        return []

    # ------------------------------------------------------------------ after the call

    async def extend_acw(self, user_id: str, contact_id: str, seconds: float) -> None:
        """More time for after-call work."""
        raise NotNow("there is no after-call work")

    async def wrap_up(
        self, user_id: str, contact_id: str, *, disposition: str, notes: str, summary: str | None, follow_up: str | None
    ) -> None:
        """Write the outcome; the agent is free again if after-call work was still on."""
        controller = self._controller
        conversation_id = await Queries(controller.store).served(user_id, contact_id)
        if conversation_id is None:
            raise NotNow("this was not your contact")
        await controller.store.stamp_contact(contact_id, disposition=disposition, notes=notes, acw_ended=True)
        payload = {"user_id": user_id, "disposition": disposition, "summary": summary, "follow_up": follow_up}
        await controller.store.append(conversation_id, "contact.wrapup", payload, contact_id=contact_id)
        controller.desk.do(controller.desk.desk.wrapped_up(user_id, controller.desk.now()))

    # ------------------------------------------------------------------ inside

    def _offered(self, user_id: str, offer_id: str) -> tuple[Contact, AgentSide]:
        for contact in self._controller.contacts.values():
            agent = contact.agent
            mine = agent is not None and agent.card.user_id == user_id
            if mine and agent is not None and agent.offer_id == offer_id and not agent.connected:
                return contact, agent
        raise NotNow("this offer is over")

    def _talking(self, user_id: str, contact_id: str) -> tuple[Contact, AgentSide]:
        contact = self._controller.contacts.get(contact_id)
        agent = contact.agent if contact is not None else None
        if contact is None or agent is None or agent.card.user_id != user_id or not agent.connected:
            raise NotNow("you are not in this call")
        return contact, agent
