/** The agent's desk: roster, talk, panels; what belongs to the whole page is held together here. */

import { IconHeadset } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLeaveGuard } from "../lib/useLeaveGuard";
import { Banners } from "./Banners";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import { DevicesDialog } from "./DevicesDialog";
import { Guarded } from "../parts/Guarded";
import { UiContext, type DeskUi, type Dialog, type Tab } from "./DeskUi";
import { handlersOf } from "./handlers";
import { KeysDialog } from "./KeysDialog";
import { loadKeymap, saveKeymap } from "./keymap";
import { Palette } from "./Palette";
import { Pane } from "./Pane";
import { Roster } from "./Roster";
import { besideContact, shownContact, unread as counted } from "./roster";
import { Side } from "./Side";
import { TargetDialog } from "./TargetDialog";
import { TopBar } from "./TopBar";
import type { Offer } from "./types";
import { useAssist } from "./useAssist";
import { useCalls } from "./useCalls";
import { useDevices } from "./useDevices";
import { useDrafts } from "./useDrafts";
import { useKeys } from "./useKeys";
import { useRinger } from "./useRinger";

const NO_OFFERS: ReadonlySet<string> = new Set();

export function Desktop() {
  const { t } = useTranslation("desk");
  const desk = useDesk();
  const { view, act, follow } = desk;
  const devices = useDevices();
  const calls = useCalls(desk, devices);
  const drafts = useDrafts();
  const assist = useAssist(desk, drafts);
  const [chosen, setChosen] = useState("");
  const [tab, setTab] = useState<Tab>("customer");
  const [dialog, open] = useState<Dialog>(null);
  const [unread, setUnread] = useState<Record<string, number>>({});
  const [keymap, setKeymap] = useState(loadKeymap);
  const [handled, setHandled] = useState(NO_OFFERS);

  const shown = shownContact(view, chosen);
  const beside = besideContact(view, shown);
  const onScreen = useMemo(() => [shown, beside].flatMap((one) => (one ? [one.contact_id] : [])), [shown, beside]);
  useEffect(
    () =>
      follow((event) => {
        if (event.type !== "message" || event.payload["role"] !== "customer") return;
        const contact = view.contacts.find((one) => one.conversation_id === event.conversation_id);
        if (contact) setUnread((before) => counted(before, contact.contact_id, onScreen));
      }),
    [follow, view.contacts, onScreen],
  );

  const deal = async (offer: Offer, how: Promise<boolean>) => {
    setHandled((before) => new Set([...before, offer.offer_id]));
    await how;
    setHandled((before) => new Set([...before].filter((one) => one !== offer.offer_id)));
  };
  const onAccept = (offer: Offer) => {
    setChosen(offer.contact_id);
    void deal(offer, calls.accept(offer));
  };
  const onDecline = (offer: Offer) => void deal(offer, act(deskApi.decline(offer.offer_id)));
  const silentRing = useRinger(view, handled, devices.chosen.ringer, t("offer.flash"));
  useLeaveGuard(view.contacts.some((one) => one.state !== "acw" && drafts.text(one.contact_id).trim() !== ""));

  const ui: DeskUi = {
    calls, devices, drafts, assist, shown, beside, unread, tab, setTab, dialog, open, keymap,
    choose: (id) => {
      setChosen(id);
      setUnread((before) => ({ ...before, [id]: 0 }));
    },
    setKeymap: (next) => {
      setKeymap(next);
      saveKeymap(next);
    },
  }; // prettier-ignore
  const handlers = handlersOf(desk, ui, { onAccept, onDecline });
  useKeys(keymap, handlers);
  const panes = [shown, beside].flatMap((one) => (one ? [one] : [])).sort((a, b) => Number(a.channel === "chat") - Number(b.channel === "chat"));

  return (
    <UiContext value={ui}>
      <div className={css.page}>
        <TopBar />
        <Banners silentRing={silentRing} />
        <main className={css.body}>
          <Roster handled={handled} onAccept={onAccept} onDecline={onDecline} />
          <div className={css.panes}>
            {panes.map((one) => <Guarded key={one.contact_id}><Pane contact={one} /></Guarded>)}
            {panes.length === 0 && (
              <section className={`${css.card} ${css.nothing}`}>
                <IconHeadset size={44} stroke={1.4} aria-hidden />
                <strong>{t("empty.title")}</strong>
                <span>{view.availability === "available" ? t("empty.available") : t("empty.pause")}</span>
              </section>
            )}
          </div>
          <Guarded><Side /></Guarded>
        </main>
        <Palette handlers={handlers} />
        {(dialog === "transfer" || dialog === "consult") && shown && <TargetDialog key={shown.contact_id} contact={shown} mode={dialog} />}
        {dialog === "devices" && <DevicesDialog />}
        {dialog === "keys" && <KeysDialog />}
      </div>
    </UiContext>
  );
}
