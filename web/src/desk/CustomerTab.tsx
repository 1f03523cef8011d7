/** Who this is, how surely we know, what was handed over, and what is known in three layers. */

import { Group, Stack, Text } from "@mantine/core";
import { IconShieldCheck, IconShieldQuestion } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { languageName } from "../lib/format";
import css from "./desk.module.css";
import { FactList } from "./FactList";
import type { Customer } from "./panelTypes";
import type { Contact } from "./types";

export function CustomerTab({ contact, customer }: { contact: Contact; customer: Customer | null }) {
  const { t, i18n } = useTranslation("desk");
  if (!customer) return <Text c="dimmed" size="sm">{t("app.loading")}</Text>;
  const Shield = customer.verified_level > 0 ? IconShieldCheck : IconShieldQuestion;
  const layers = [
    ["customer.attributes", customer.attributes],
    ["customer.behaviour", customer.behaviour],
    ["customer.affect", customer.affect],
  ] as const;
  const given = Object.entries(customer.handed_over?.facts ?? {});
  return (
    <Stack gap={14}>
      <div>
        <Text fw={650} size="lg" lh={1.2}>{customer.name || contact.customer_name || t("customer.unknown")}</Text>
        <Group gap={6} mt={4}>
          {customer.tier && <span className={css.pill}>{customer.tier}</span>}
          {customer.flags.map((one) => <span key={one} className={css.pill} data-tone="bad">{one}</span>)}
          {customer.locale && <Text size="xs" c="dimmed">{languageName(customer.locale, i18n.language)}</Text>}
        </Group>
        {customer.phones.map((one) => <Text key={one} size="sm" c="dimmed">{one}</Text>)}
        <Group gap={6} mt={6} wrap="nowrap" className={customer.verified_level > 0 ? "" : css.soon}>
          <Shield size={18} aria-hidden />
          <Text size="sm">
            {customer.verified_level > 0 ? t("customer.verified", { level: customer.verified_level }) : t("customer.unverified")}
            {customer.identity_how && ` · ${t(`identity.${customer.identity_how}`, { defaultValue: customer.identity_how })}`}
          </Text>
        </Group>
      </div>
      {customer.handed_over && (
        <section>
          <h3 className={css.section} style={{ padding: "0 0 4px" }}>{t("customer.handedOver")}</h3>
          <dl className={css.facts}>
            {customer.handed_over.reason && <><dt>{t("offer.reason")}</dt><dd>{customer.handed_over.reason}</dd></>}
            {customer.handed_over.summary && <><dt>{t("offer.summary")}</dt><dd>{customer.handed_over.summary}</dd></>}
            {given.map(([key, value]) => (
              <div key={key} style={{ display: "contents" }}>
                <dt>{t(`fact.${key}`, { defaultValue: key.replaceAll("_", " ") })}</dt>
                <dd>{String(value)}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {layers.map(([title, facts]) => facts.length > 0 && <FactList key={title} title={t(title)} facts={facts} />)}
      {layers.every(([, facts]) => facts.length === 0) && <Text size="sm" c="dimmed">{t("customer.nothing")}</Text>}
    </Stack>
  );
}
