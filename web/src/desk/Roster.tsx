/** The left column: what rings, whom I serve, who is parked. */

import { Badge, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconMessageCircle, IconPhone, IconPlayerPause, IconVideo } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Since, Until } from "./Clock";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { useUi } from "./DeskUi";
import { EmotionWord } from "./Emotion";
import { OfferCard } from "./OfferCard";
import { ParkedList } from "./ParkedList";
import { ordered } from "./roster";
import type { Contact, Offer } from "./types";

const SIGNS = { voice: IconPhone, video: IconVideo, chat: IconMessageCircle };

type Props = { handled: ReadonlySet<string>; onAccept: (offer: Offer) => void; onDecline: (offer: Offer) => void };

export function Roster({ handled, onAccept, onDecline }: Props) {
  const { t } = useTranslation("desk");
  const { view } = useDesk();
  const contacts = ordered(view.contacts);
  const spoken = view.offers.map((one) => t("offer.title", { channel: t(`channel.${one.channel}`), name: one.customer_name || t("who.customer") })).join(" ");
  return (
    <aside className={css.column} aria-label={t("roster.title")}>
      <VisuallyHidden role="alert">{spoken}</VisuallyHidden>
      {view.offers.map((one) => (
        <OfferCard key={one.offer_id} offer={one} busy={handled.has(one.offer_id)} onAccept={() => onAccept(one)} onDecline={() => onDecline(one)} />
      ))}
      <nav className={css.card} aria-label={t("roster.contacts")}>
        <h2 className={css.section}>{t("roster.contacts")} <span className={css.grow} /> {contacts.length || ""}</h2>
        <ul className={css.roster}>
          {contacts.map((one, place) => <li key={one.contact_id}><ContactCard contact={one} place={place} /></li>)}
          {contacts.length === 0 && (
            <li className={css.soft} style={{ padding: "4px 8px 10px" }}>{view.availability === "available" ? t("roster.none") : t("roster.pause")}</li>
          )}
        </ul>
      </nav>
      <ParkedList />
    </aside>
  );
}

function ContactCard({ contact, place }: { contact: Contact; place: number }) {
  const { t } = useTranslation("desk");
  const { waiting } = useDesk();
  const { shown, choose, unread } = useUi();
  const Sign = SIGNS[contact.channel];
  const news = unread[contact.contact_id] ?? 0;
  const asked = contact.state === "connected" ? waiting[contact.conversation_id] : undefined;
  return (
    <UnstyledButton className={css.contact} aria-current={shown?.contact_id === contact.contact_id} onClick={() => choose(contact.contact_id)} title={place < 9 ? `Alt+${place + 1}` : undefined}>
      <span className={css.channel}>
        {contact.state === "held" ? <IconPlayerPause size={17} aria-hidden /> : <Sign size={17} aria-hidden />}
      </span>
      <span className={css.name}>{contact.customer_name || t("who.customer")}</span>
      {contact.state === "acw" && contact.acw_until ? <Until at={contact.acw_until} /> : <Since at={contact.since} />}
      <span className={css.more}>
        <span className={contact.state === "connected" ? "" : css.soon}>
          {contact.state === "connected" ? t(`channel.${contact.channel}`) : t(`contact.${contact.state}`)}
        </span>
        {contact.emotion && <EmotionWord label={contact.emotion} frustration={contact.frustration} />}
        {asked && <span className={css.soon}>{t("roster.asked")} <Since at={asked} /></span>}
        {news > 0 && <Badge size="sm" color="red.9" tt="none">{t("roster.unread", { count: news })}</Badge>}
      </span>
    </UnstyledButton>
  );
}
