/** One contact in the centre: who, what may be done, the words, and where to write. */

import { IconMessageCircle, IconPhone, IconVideo } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useConversation } from "../lib/useConversation";
import { StopTone } from "./StopTone";
import { mayWrite } from "./actions";
import { CallBar } from "./CallBar";
import { Since, Until } from "./Clock";
import { ComfortCard } from "./ComfortCard";
import { Composer } from "./Composer";
import { ConsultBar } from "./ConsultBar";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { useUi } from "./DeskUi";
import { EmotionStrip } from "./EmotionStrip";
import { NotesBox } from "./NotesBox";
import { Parties } from "./Parties";
import type { Contact } from "./types";
import { Words } from "./Words";
import { WrapUpForm } from "./WrapUpForm";

const SIGNS = { voice: IconPhone, video: IconVideo, chat: IconMessageCircle };

export function Pane({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { view } = useDesk();
  const { calls } = useUi();
  const { picture } = useConversation(contact.conversation_id);
  const Sign = SIGNS[contact.channel];
  const acw = contact.state === "acw";
  const state = calls.states[contact.contact_id];
  const queue = view.queues.find((one) => one.queue === contact.queue)?.name ?? contact.queue;
  const name = contact.customer_name || t("who.customer");
  return (
    <section className={`${css.card} ${css.pane}`} aria-label={t("pane.title", { channel: t(`channel.${contact.channel}`), name })}>
      <div className={css.paneHead}>
        <Sign size={20} aria-hidden />
        <h2>{name}</h2>
        <span className={css.soft}>{queue}</span>
        <span className={css.grow} />
        {state === "unstable" && <span className={css.pill} data-tone="warn">{t("pane.unstable")}</span>}
        {contact.state !== "connected" && <span className={css.pill} data-tone="warn">{t(`contact.${contact.state}`)}</span>}
        {acw && contact.acw_until ? <Until at={contact.acw_until} /> : <Since at={contact.since} />}
      </div>
      {!acw && <CallBar contact={contact} />}
      {!acw && <ConsultBar contact={contact} />}
      {!acw && contact.channel !== "chat" && <Parties contact={contact} />}
      <EmotionStrip lines={picture.lines} contact={contact}>
        <StopTone id={contact.conversation_id} picture={picture} />
      </EmotionStrip>
      <Words contact={contact} lines={picture.lines} />
      {!acw && <ComfortCard contact={contact} />}
      {acw ? <WrapUpForm contact={contact} /> : mayWrite(contact) ? <Composer contact={contact} /> : <NotesBox contact={contact} />}
    </section>
  );
}
