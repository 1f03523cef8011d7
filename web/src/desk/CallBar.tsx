/** The call bar: every action of a live contact; those that do not fit now are greyed out. */

import { Popover, SimpleGrid, Button, UnstyledButton } from "@mantine/core";
import {
  IconDialpad,
  IconMessageQuestion,
  IconMicrophone,
  IconMicrophoneOff,
  IconParking,
  IconPhoneOff,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerRecord,
  IconTransfer,
  type Icon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { fitting, type Action } from "./actions";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import { useUi } from "./DeskUi";
import type { Contact } from "./types";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export function CallBar({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { view, act } = useDesk();
  const { calls, dialog, open, choose } = useUi();
  const joined = view.device !== "browser" || contact.channel === "chat" || contact.contact_id in calls.states;
  const fits = fitting(contact, joined);
  const id = contact.contact_id;
  const held = contact.state === "held";
  const chat = contact.channel === "chat";
  const tool = (action: Action, Sign: Icon, label: string, onClick: () => void, pressed?: boolean) => (
    <UnstyledButton className={css.tool} disabled={!fits.has(action)} aria-pressed={pressed} title={label} onClick={onClick}>
      <Sign size={20} aria-hidden />
      <span>{label}</span>
    </UnstyledButton>
  );
  const pick = (what: "transfer" | "consult") => {
    choose(id);
    open(what);
  };
  return (
    <div className={css.bar} role="toolbar" aria-label={t("bar.title")}>
      {!chat && tool("hold", held ? IconPlayerPlay : IconPlayerPause, held ? t("bar.resume") : t("bar.hold"), () => void act(deskApi.hold(id, !held)), held)}
      {!chat &&
        tool("mute", contact.muted ? IconMicrophoneOff : IconMicrophone, contact.muted ? t("bar.unmute") : t("bar.mute"), () => void act(deskApi.mute(id, !contact.muted)), contact.muted)}
      {!chat && (
        <Popover opened={dialog === "keypad" && fits.has("keypad")} onChange={(on) => open(on ? "keypad" : null)} position="bottom" shadow="md" trapFocus>
          <Popover.Target>{tool("keypad", IconDialpad, t("bar.keypad"), () => open(dialog === "keypad" ? null : "keypad"))}</Popover.Target>
          <Popover.Dropdown>
            <KeypadKeys contact={contact} />
          </Popover.Dropdown>
        </Popover>
      )}
      {tool("transfer", IconTransfer, t("bar.transfer"), () => pick("transfer"))}
      {!chat && tool("consult", IconMessageQuestion, t("bar.consult"), () => pick("consult"))}
      {!chat && tool("park", IconParking, t("bar.park"), () => void act(deskApi.park(id)))}
      {!chat &&
        contact.recording !== "off" &&
        tool("record", IconPlayerRecord, contact.recording === "on" ? t("bar.pauseRecording") : t("bar.record"), () => void act(deskApi.record(id, contact.recording !== "on")), contact.recording === "paused")}
      <UnstyledButton className={`${css.tool} ${css.end}`} title={chat ? t("bar.endChat") : t("bar.end")} onClick={() => void act(deskApi.hangup(id))}>
        <IconPhoneOff size={20} aria-hidden />
        <span>{chat ? t("bar.endChat") : t("bar.end")}</span>
      </UnstyledButton>
    </div>
  );
}

/** Tones go to one party: whoever is not me and not held, an outside line before the customer. */
function KeypadKeys({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { act } = useDesk();
  const talking = contact.parties.filter((one) => !one.me && one.state === "connected" && one.role !== "supervisor");
  const target = talking.find((one) => one.role === "outside") ?? talking[0];
  const press = (digit: string) => target && void act(deskApi.keypad(contact.contact_id, target.party_id, digit));
  return (
    <div
      onKeyDown={(event) => {
        if (DIGITS.includes(event.key)) press(event.key);
      }}
    >
      <p className={css.soft} style={{ margin: "0 0 6px" }}>{t("bar.tonesTo", { name: target?.name || t("who.customer") })}</p>
      <SimpleGrid cols={3} spacing={6}>
        {DIGITS.map((digit) => (
          <Button key={digit} variant="default" onClick={() => press(digit)}>{digit}</Button>
        ))}
      </SimpleGrid>
    </div>
  );
}
