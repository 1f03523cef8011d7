/** What rings: who, why, how long they waited; take it or leave it. The one place that speaks up at once. */

import { Button, Group, Kbd } from "@mantine/core";
import { IconCheck, IconMessageCircle, IconPhoneIncoming, IconVideo, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { clock } from "../lib/format";
import { Until } from "./Clock";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { useUi } from "./DeskUi";
import { Keys } from "./Keys";
import type { Offer } from "./types";

const SIGNS = { voice: IconPhoneIncoming, video: IconVideo, chat: IconMessageCircle };

type Props = { offer: Offer; busy: boolean; onAccept: () => void; onDecline: () => void };

export function OfferCard({ offer, busy, onAccept, onDecline }: Props) {
  const { t } = useTranslation("desk");
  const { view } = useDesk();
  const { keymap } = useUi();
  const Sign = SIGNS[offer.channel];
  const phone = view.device !== "browser" && offer.channel !== "chat";
  const queue = view.queues.find((one) => one.queue === offer.queue);
  const late = queue !== undefined && queue.sl_target_s > 0 && offer.waited_ms > 1000 * queue.sl_target_s;
  const name = offer.customer_name || t("who.customer");
  return (
    <section className={`${css.card} ${css.offer}`} aria-label={t("offer.title", { channel: t(`channel.${offer.channel}`), name })}>
      <Group gap={8} wrap="nowrap">
        <Sign size={22} aria-hidden />
        <div className={css.grow}>
          <strong>{name}</strong>
          <div className={css.soft}>{t(`channel.${offer.channel}`)} · {queue?.name || offer.queue}</div>
        </div>
        <span title={t("offer.left")}><Until at={offer.until} /></span>
      </Group>
      <dl>
        <div>
          <dt>{t("offer.waited")}</dt>
          <dd className={late ? css.late : ""}>{clock(offer.waited_ms)}{late && ` · ${t("top.late")}`}</dd>
        </div>
        {offer.reason && <div><dt>{t("offer.reason")}</dt><dd>{offer.reason}</dd></div>}
        {offer.summary && offer.summary !== offer.reason && <div><dt>{t("offer.summary")}</dt><dd>{offer.summary}</dd></div>}
        {offer.why && <div><dt>{t("offer.why")}</dt><dd className={css.soft}>{offer.why}</dd></div>}
      </dl>
      {phone ? (
        <p className={css.soft} style={{ margin: 0 }}>{t("offer.phone")}</p>
      ) : (
        <Group gap={6} grow>
          <Button px={6} color="green.9" loading={busy} onClick={onAccept} leftSection={<IconCheck size={18} aria-hidden />}>{t("offer.accept")}</Button>
          <Button px={6} variant="default" disabled={busy} onClick={onDecline} leftSection={<IconX size={18} aria-hidden />}>{t("offer.decline")}</Button>
        </Group>
      )}
      {!phone && <Group gap={6} mt={6} grow ta="center" className={css.soft} aria-hidden><Kbd size="xs"><Keys combo={keymap.accept} /></Kbd><Kbd size="xs"><Keys combo={keymap.decline} /></Kbd></Group>}
    </section>
  );
}
