/** While I ask somebody: who hears me now, and the ways on from here. */

import { Button } from "@mantine/core";
import { IconArrowsExchange, IconMessageQuestion } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { consultOf, fitting } from "./actions";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import type { Contact } from "./types";

export function ConsultBar({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { act } = useDesk();
  const consult = consultOf(contact);
  if (!consult) return null;
  const fits = fitting(contact, true);
  const names = { target: consult.with.name, customer: contact.customer_name || t("who.customer") };
  const step = (one: "swap" | "cancel" | "conference" | "complete") => void act(deskApi.consultStep(contact.contact_id, one));
  const text =
    consult.with.state === "ringing" ? t("consult.ringing", names) : consult.talkingTo === "target" ? t("consult.withTarget", names) : t("consult.withCustomer", names);
  return (
    <div className={css.consult}>
      <IconMessageQuestion size={20} aria-hidden />
      <span role="status">{text}</span>
      <Button size="compact-sm" variant="default" disabled={!fits.has("swap")} leftSection={<IconArrowsExchange size={16} aria-hidden />} onClick={() => step("swap")}>{t("consult.swap")}</Button>
      <Button size="compact-sm" variant="default" disabled={!fits.has("conference")} onClick={() => step("conference")}>{t("consult.conference")}</Button>
      <Button size="compact-sm" disabled={!fits.has("complete")} onClick={() => step("complete")}>{t("consult.complete")}</Button>
      <Button size="compact-sm" variant="default" onClick={() => step("cancel")}>{t("consult.cancel")}</Button>
    </div>
  );
}
