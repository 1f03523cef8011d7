"""What agents ask of live calls, through the API: `server.api.desk_ports.DeskControl` over the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.api import views
from server.api.ports import NotNow
from server.calls import in_call
from server.calls.after_call import customer_name
from server.calls.asking import asked
from server.calls.keeping import answer
from server.calls.party_reports import take_chat
from server.calls.showing import Showing, utc
from session.queries import Queries

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.controller import Controller
    from server.calls.party import Party

FIRST_CODE = 701  # of parked customers: short, and like no extension of ours


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
        controller = self._controller
        if user_id not in controller.cards:
            raise LookupError("there is no such agent")
        controller.set_availability(user_id, availability, reason=reason, force=by != user_id)
        if by != user_id:
            forced = {"by": by, "user_id": user_id, "availability": availability, "reason": reason}
            await controller.store.append("", "supervise.state", forced)

    async def set_device(self, user_id: str, device: views.Device, uri: str) -> None:
        """How the agent is reached from now on."""
        controller = self._controller
        if device == "uri" and not uri.startswith(("sip:", "sips:")):
            raise ValueError("uri: an agent reached by address needs one like sip:desk@192.0.2.7")
        if any(not c.chat and c.room.of_user(user_id) is not None for c in controller.contacts.values()):
            raise NotNow("you are in a call; change your phone after it")
        try:
            await controller.users.set_device(user_id, device, uri)
        except LookupError as error:
            raise NotNow(str(error)) from error
        await controller.reload_agents()

    # ------------------------------------------------------------------ offers

    async def accept(self, user_id: str, offer_id: str, sdp: str | None) -> views.Taken:
        """The agent answers in the browser, or takes a chat."""
        contact, party = self._offered(user_id, offer_id)
        if contact.chat:
            await asked(contact, lambda: take_chat(contact, party))
            return views.Taken(None, None, contact.contact_id, contact.conversation_id)
        if sdp is None:
            raise NotNow("answer on your phone" if party.leg_id else "a browser has to send its offer (sdp)")
        try:
            answered = await asked(contact, lambda: answer(self._still(contact, party), sdp))
        except ValueError:
            contact.post(lambda: party.give_up("failed"))
            raise
        return views.Taken(answered.sdp, party.leg_id, contact.contact_id, contact.conversation_id)

    async def decline(self, user_id: str, offer_id: str) -> None:
        """The next agent, or back to the queue at the same place."""
        contact, party = self._offered(user_id, offer_id)
        await asked(contact, lambda: party.give_up("declined"))

    # ------------------------------------------------------------------ the call

    async def rejoin(self, user_id: str, contact_id: str, sdp: str) -> views.Rejoined:
        """The agent's browser takes their place."""
        contact, party = self._talking(user_id, contact_id)
        if contact.chat:
            raise NotNow("a chat has no sound")
        return await asked(contact, lambda: contact.keeping.rejoin(self._still(contact, party), sdp))

    async def hold(self, user_id: str, contact_id: str, on: bool, party_id: str | None) -> None:
        """Hold or take back."""
        contact, me = self._talking(user_id, contact_id)
        await asked(contact, lambda: in_call.hold(contact, on, party_id, self._still(contact, me).user_id))

    async def mute(self, user_id: str, contact_id: str, on: bool) -> None:
        """The agent's microphone."""
        contact, party = self._talking(user_id, contact_id)
        await asked(contact, lambda: in_call.mute(contact, self._still(contact, party), on))

    async def keypad(self, user_id: str, contact_id: str, party_id: str, digits: str) -> None:
        """Tones to one party."""
        contact, _ = self._talking(user_id, contact_id)
        await asked(contact, lambda: in_call.keys(contact, party_id, digits))

    async def hang_up(self, user_id: str, contact_id: str) -> None:
        """The agent leaves; the flow goes on with the caller, or those who are there with each other."""
        contact, party = self._talking(user_id, contact_id)
        await asked(contact, lambda: contact.room.leave(party))

    async def ask_help(self, user_id: str, contact_id: str) -> None:
        """Written down, so that whoever comes late sees it too; the customer is shown nothing of it."""
        contact, me = self._talking(user_id, contact_id)
        await asked(contact, lambda: contact.note("supervise.help", {"user_id": user_id, "name": me.name}))

    async def record(self, user_id: str, contact_id: str, on: bool) -> None:
        """Pause the recording, or go on with it."""
        contact, me = self._talking(user_id, contact_id)
        if contact.chat or (on and not contact.listening.may_record):
            raise NotNow("the customer did not agree to be recorded" if on else "nothing is recorded")
        await asked(contact, lambda: in_call.record(contact, on, self._still(contact, me).user_id))

    async def consult(self, user_id: str, contact_id: str, target: views.Target) -> views.Party:
        """Ask somebody, the customer on hold."""
        contact, party = self._talking(user_id, contact_id)
        party_id = await asked(contact, lambda: contact.consults.begin(self._still(contact, party), target))
        asked_one = contact.room.parties.get(party_id)
        if asked_one is None:
            raise NotNow("they cannot be reached")
        return self._showing.party(contact, asked_one, user_id)

    async def consult_step(self, user_id: str, contact_id: str, step: str) -> None:
        """Swap, cancel, conference or complete."""
        contact, party = self._talking(user_id, contact_id)
        consults = contact.consults
        steps = {
            "swap": consults.swap,
            "cancel": consults.cancel,
            "conference": consults.conference,
            "complete": consults.complete,
        }
        await asked(contact, lambda: steps[step](self._still(contact, party)))

    async def transfer(self, user_id: str, contact_id: str, target: views.Target) -> None:
        """To somebody unasked; the customer is back when that fails."""
        contact, party = self._talking(user_id, contact_id)
        await asked(contact, lambda: contact.consults.begin(self._still(contact, party), target, blind=True))

    async def drop(self, user_id: str, contact_id: str, party_id: str) -> None:
        """Remove somebody from the call."""
        contact, me = self._talking(user_id, contact_id)
        other = contact.room.parties.get(party_id)
        if other is None or other is me or other.role == "supervisor":
            raise NotNow("there is no such party whom you could remove")

        async def remove() -> None:
            self._still(contact, me)
            await contact.room.leave(self._still(contact, other), reason="removed")

        await asked(contact, remove)

    async def park(self, user_id: str, contact_id: str) -> str:
        """The code by which the customer is taken back."""
        contact, party = self._talking(user_id, contact_id)
        return await asked(contact, lambda: contact.keeping.park(self._still(contact, party), self._free_code()))

    async def take_parked(self, user_id: str, code: str, sdp: str | None) -> views.Taken:
        """Take a parked customer, in the browser or on the agent's phone."""
        card = self._controller.cards.get(user_id)
        contact = self._controller.parked(code)
        if contact is None or card is None:
            raise NotNow("nobody is parked under this code")
        return await asked(contact, lambda: contact.keeping.take(card, sdp))

    def parked(self) -> list[views.Parked]:
        """All that are parked."""
        return [
            views.Parked(k.code, c.contact_id, customer_name(c), utc(k.since_ms), k.by)
            for c in self._controller.contacts.values()
            if (k := c.keeping).code
        ]

    # ------------------------------------------------------------------ after the call

    async def extend_acw(self, user_id: str, contact_id: str, seconds: float) -> None:
        """More time for after-call work."""
        desk = self._controller.desk
        for name in self._held(user_id, contact_id):
            desk.do(desk.desk.extend_acw(user_id, name, seconds, desk.now()))

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
        desk = controller.desk
        agent = desk.desk.agents.get(user_id)
        for name in [n for n in (agent.held if agent is not None else ()) if _of(n, contact_id)]:
            desk.do(desk.desk.wrapped_up(user_id, desk.now(), name))

    # ------------------------------------------------------------------ inside

    def _free_code(self) -> str:
        """Asked for in the actor that takes it at once, so that two who park together have two."""
        used = {c.keeping.code for c in self._controller.contacts.values()}
        return next(str(number) for number in range(FIRST_CODE, FIRST_CODE + 10_000) if str(number) not in used)

    def _held(self, user_id: str, contact_id: str) -> list[str]:
        """The desk's names of what this agent does after-call work for. Raises `NotNow`."""
        agent = self._controller.desk.desk.agents.get(user_id)
        found = [h for h in agent.held.values() if _of(h.contact_id, contact_id)] if agent is not None else []
        names = [h.contact_id for h in found if h.acw_until_ms is not None]
        if not names:
            raise NotNow("there is no after-call work of this contact")
        return names

    def _offered(self, user_id: str, offer_id: str) -> tuple[Contact, Party]:
        for contact in self._controller.contacts.values():
            for party in contact.room.parties.values():
                if party.user_id == user_id and party.offer_id == offer_id and not party.connected:
                    return contact, party
        raise NotNow("this offer is over")

    def _talking(self, user_id: str, contact_id: str) -> tuple[Contact, Party]:
        contact = self._controller.contacts.get(contact_id)
        party = contact.room.of_user(user_id) if contact is not None else None
        if contact is None or party is None:
            raise NotNow("you are not in this call")
        return contact, party

    @staticmethod
    def _still(contact: Contact, party: Party) -> Party:
        """Asked in the actor: it may be over since."""
        if contact.room.parties.get(party.party_id) is not party:
            raise NotNow("this is over")
        return party


def _of(name: str, contact_id: str) -> bool:
    """Is this the desk's name of that contact, or of somebody asked on its behalf?"""
    return name.partition("/")[0] == contact_id
