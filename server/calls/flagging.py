"""What a policy pack forbids: banned words in what is said to callers and agents are replaced, in what agents say shown at once.

An agent's words are looked at while they speak, each decode whole: waiting until two agree on a word costs most of a second.
What partial words hold goes to the live feed only (`partial`), once a rule and utterance, since the recogniser may change its mind;
what is kept is told by the final words, or by what was written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact


class Flagging:
    """Of one contact."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact
        self._shown: dict[str, tuple[str, set[tuple[str, str]]]] = {}
        """Leg → its utterance under way, and the rules (pack, rule) that were shown for it."""

    async def screened(self, text: str, locale: str, block: str) -> str:
        """What may be spoken instead of a text that is no prompt of the flow."""
        screened = self._contact.engine.ports.filters.screen(text, locale)
        for hit in screened.hits:
            await self._contact.note("content_filter", {"block": block, **hit})
        return screened.text

    def so_far(self, event: wire.UtterancePartial) -> None:
        """An agent is still speaking."""
        contact = self._contact
        utterance_id, shown = self._shown.get(event.leg_id, ("", set()))
        if utterance_id != event.utterance_id:
            shown = set()
            self._shown[event.leg_id] = (event.utterance_id, shown)
        for hit in contact.engine.ports.filters.flag(event.newest or event.text, event.language):
            if (hit["pack"], hit["rule"]) not in shown:
                shown.add((hit["pack"], hit["rule"]))
                about = {"role": "agent", "utterance_id": event.utterance_id, "partial": True, **hit}
                contact.around.store.bus.publish_live(
                    contact.conversation_id, "content_flag", about, contact_id=contact.contact_id
                )

    async def said(self, event: wire.UtteranceFinal) -> None:
        """An agent has said it."""
        self._shown.pop(event.leg_id, None)
        for hit in self._contact.engine.ports.filters.flag(event.text, event.language):
            await self._contact.note("content_flag", {"role": "agent", "utterance_id": event.utterance_id, **hit})

    async def written(self, text: str, seq: int | None) -> None:
        """An agent wrote it; `seq`: the event of the message."""
        for hit in self._contact.engine.ports.filters.flag(text):
            await self._contact.note("content_flag", {"role": "agent", "message": seq, **hit})
