/** The alerts of this shift: a bell with how many are new, and the list. */

import { ActionIcon, Indicator, Popover, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconBell, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { timeOfDay } from "../lib/format";
import type { Alert } from "./alerts";
import { useDesk } from "./DeskContext";
import { useUi } from "./DeskUi";
import css from "./desk.module.css";

export function AlertsMenu() {
  const { t } = useTranslation("desk");
  const { alerts, readAlerts } = useDesk();
  const fresh = alerts.filter((one) => !one.read).length;
  return (
    <Popover position="bottom-end" shadow="md" width={320} trapFocus onClose={readAlerts}>
      <Indicator label={fresh} size={16} disabled={fresh === 0} color="red.9">
        <Popover.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("alerts.title", { count: fresh })}>
            <IconBell size={20} aria-hidden />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown>
        {alerts.length === 0 && <Text size="sm" c="dimmed">{t("alerts.none")}</Text>}
        <Stack gap="xs" mah={360} style={{ overflow: "auto" }}>
          {alerts.map((one) => <AlertLine key={one.id} alert={one} />)}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function AlertLine({ alert }: { alert: Alert }) {
  const { t, i18n } = useTranslation("desk");
  const { view } = useDesk();
  const { choose } = useUi();
  const contact = view.contacts.find((one) => one.conversation_id === alert.conversation);
  const Sign = alert.tone === "info" ? IconInfoCircle : IconAlertTriangle;
  const why = alert.values["why"];
  const text = t(`alert.${alert.key}`, { ...alert.values, ...(why ? { why: t(`outcome.${why}`, { defaultValue: why }) } : {}) });
  return (
    <div style={{ display: "flex", gap: 8 }}>
      <Sign size={18} aria-hidden className={alert.tone === "bad" ? css.late : alert.tone === "warn" ? css.soon : css.soft} />
      <div>
        <Text size="sm">{text}</Text>
        <Text size="xs" c="dimmed">
          {timeOfDay(alert.at, i18n.language)}{" "}
          {!contact && alert.conversation && (
            <Text component={Link} to={`/conversations/${alert.conversation}`} target="_blank" size="xs" td="underline">{t("alerts.open")}</Text>
          )}
          {contact && (
            <Text component="button" size="xs" td="underline" onClick={() => choose(contact.contact_id)}>
              {t("alerts.show", { name: contact.customer_name || t("who.customer") })}
            </Text>
          )}
        </Text>
      </div>
    </div>
  );
}
