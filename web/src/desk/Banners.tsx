/** What cannot wait, across the page: a lost connection, a blocked microphone, a call without its sound, a supervisor's word. */

import { Button, CloseButton } from "@mantine/core";
import { IconAlertTriangle, IconMicrophone, IconMicrophoneOff, IconPlugConnectedX, IconSpeakerphone } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { useUi } from "./DeskUi";

type BannerProps = { tone: "bad" | "warn" | "info"; icon: ReactNode; children: ReactNode; action?: ReactNode; urgent?: boolean };

function Banner({ tone, icon, children, action, urgent = false }: BannerProps) {
  return (
    <div className={css.banner} data-tone={tone} role={urgent ? "alert" : "status"}>
      {icon}
      <p>{children}</p>
      {action}
    </div>
  );
}

export function Banners({ silentRing }: { silentRing: boolean }) {
  const { t } = useTranslation("desk");
  const { view, link, problem, forget } = useDesk();
  const { calls, devices } = useUi();
  const here = view.device === "browser";
  const warn = <IconAlertTriangle size={20} aria-hidden />;
  return (
    <div>
      {link === "lost" && <Banner tone="bad" icon={<IconPlugConnectedX size={20} aria-hidden />}>{t("error.lost")}</Banner>}
      {problem && (
        <Banner tone="bad" urgent icon={warn} action={<CloseButton aria-label={t("do.close")} onClick={forget} />}>
          {problem}
        </Banner>
      )}
      {here && devices.permission === "denied" && (
        <Banner tone="bad" icon={<IconMicrophoneOff size={20} aria-hidden />}>{t("banner.microphoneBlocked")}</Banner>
      )}
      {here && devices.permission === "prompt" && view.availability !== "offline" && (
        <Banner tone="warn" icon={<IconMicrophoneOff size={20} aria-hidden />} action={<Button size="compact-sm" variant="default" onClick={() => void devices.ask()}>{t("banner.allow")}</Button>}>
          {t("banner.microphoneAsk")}
        </Banner>
      )}
      {calls.voice.state === "other" && (
        <Banner tone="warn" icon={<IconMicrophone size={20} aria-hidden />}>{t("banner.microphoneOther", { label: calls.voice.label })}</Banner>
      )}
      {calls.voice.state === "lost" && (
        <Banner tone="bad" urgent icon={<IconMicrophoneOff size={20} aria-hidden />} action={<Button size="compact-sm" variant="default" onClick={() => void calls.useMicrophone(devices.chosen.microphone)}>{t("banner.again")}</Button>}>
          {t("banner.microphoneLost")}
        </Banner>
      )}
      {silentRing && <Banner tone="warn" icon={warn}>{t("banner.silentRing")}</Banner>}
      {view.device !== "browser" && view.registered === false && <Banner tone="warn" icon={warn}>{t("banner.unregistered")}</Banner>}
      {calls.lost.map(({ contact, verdict }) => (
        <Banner
          key={contact.contact_id}
          tone="warn"
          icon={warn}
          action={
            verdict !== "rejoin" && (
              <Button size="compact-sm" onClick={() => void calls.rejoin(contact)}>
                {verdict === "elsewhere" ? t("banner.takeHere") : t("banner.rejoin")}
              </Button>
            )
          }
        >
          {t(`banner.call.${verdict}`, { name: contact.customer_name || t("who.customer") })}
        </Banner>
      ))}
      <Word />
    </div>
  );
}

const WORDS = ["broadcast", "help", "helpAsked"];

/** The newest word between agents and supervisors, until it is closed. */
function Word() {
  const { t } = useTranslation("desk");
  const { alerts } = useDesk();
  const [closed, setClosed] = useState("");
  const one = alerts.find((alert) => WORDS.includes(alert.key));
  if (!one || one.id === closed) return null;
  return (
    <Banner tone={one.tone} icon={<IconSpeakerphone size={20} aria-hidden />} action={<CloseButton aria-label={t("do.close")} onClick={() => setClosed(one.id)} />}>
      {t(`alert.${one.key}`, one.values)}{" "}
      {one.key === "help" && <Link to={`/conversations/${one.conversation}`} target="_blank">{t("alerts.open")}</Link>}
    </Banner>
  );
}
