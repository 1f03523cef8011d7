/** Who is in the call and how; a party may be held or removed by itself. */

import { ActionIcon } from "@mantine/core";
import { IconHeadphones, IconPhone, IconPlayerPause, IconPlayerPlay, IconUser, IconUserStar, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { isConference } from "./actions";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import type { Contact, Party } from "./types";

const SIGNS = { customer: IconUser, agent: IconHeadphones, outside: IconPhone, supervisor: IconUserStar };

export function Parties({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  if (contact.parties.length < 3) return null; // the two of a plain call are named above
  return (
    <ul className={css.parties} aria-label={t("parties.title")}>
      {contact.parties.map((one) => <PartyChip key={one.party_id} party={one} contact={contact} />)}
    </ul>
  );
}

function PartyChip({ party, contact }: { party: Party; contact: Contact }) {
  const { t } = useTranslation("desk");
  const { act } = useDesk();
  const Sign = SIGNS[party.role];
  const name = party.me ? t("parties.me") : party.name || t(`parties.${party.role}`);
  const held = party.state === "held";
  const handle = isConference(contact) && !party.me && party.role !== "supervisor" && party.state !== "ringing";
  return (
    <li className={css.party} data-state={party.state}>
      <Sign size={15} aria-hidden />
      <span>{name}</span>
      {party.state !== "connected" && <span className={css.soon}>{t(`party.${party.state}`)}</span>}
      {party.role === "supervisor" && <span className={css.soft}>{t(`mode.${party.mode}`)}</span>}
      {handle && (
        <ActionIcon size="sm" variant="subtle" color="gray" aria-label={held ? t("parties.resume", { name }) : t("parties.hold", { name })} onClick={() => void act(deskApi.hold(contact.contact_id, !held, party.party_id))}>
          {held ? <IconPlayerPlay size={14} aria-hidden /> : <IconPlayerPause size={14} aria-hidden />}
        </ActionIcon>
      )}
      {handle && party.role !== "customer" && (
        <ActionIcon size="sm" variant="subtle" color="red" aria-label={t("parties.drop", { name })} onClick={() => void act(deskApi.drop(contact.contact_id, party.party_id))}>
          <IconX size={14} aria-hidden />
        </ActionIcon>
      )}
    </li>
  );
}
