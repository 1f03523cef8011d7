/** The right column: five views of the contact that is shown. */

import { Badge, Tabs, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { AssistTab } from "./AssistTab";
import { CustomerTab } from "./CustomerTab";
import css from "./desk.module.css";
import { TABS, useUi, type Tab } from "./DeskUi";
import { GuideTab } from "./GuideTab";
import { HistoryTab } from "./HistoryTab";
import { TicketsTab } from "./TicketsTab";
import type { Contact } from "./types";
import { useCustomer } from "./useCustomer";

export function Side() {
  const { t } = useTranslation("desk");
  const { shown, tab, setTab, assist } = useUi();
  const cards = shown ? assist.cards(shown.contact_id).length : 0;
  return (
    <aside className={`${css.card} ${css.side}`} aria-label={t("side.title")}>
      <Tabs value={tab} onChange={(value) => setTab(value as Tab)} className={css.tabs} keepMounted={false}>
        <Tabs.List grow>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one} className={css.tab} rightSection={one === "assist" && cards > 0 ? <Badge size="xs" circle aria-label={t("side.cards", { count: cards })}>{cards}</Badge> : null}>
              {t(`side.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map((one) => (
          <Tabs.Panel key={one} value={one} className={css.panel} tabIndex={0}>
            {one === "guide" ? <GuideTab contact={shown} /> : shown ? <ContactTab key={shown.contact_id} tab={one} contact={shown} /> : <Text c="dimmed" size="sm">{t("side.nobody")}</Text>}
          </Tabs.Panel>
        ))}
      </Tabs>
    </aside>
  );
}

function ContactTab({ tab, contact }: { tab: Exclude<Tab, "guide">; contact: Contact }) {
  if (tab === "assist") return <AssistTab contact={contact} />;
  if (tab === "tickets") return <TicketsTab contact={contact} />;
  return <CustomerSide tab={tab} contact={contact} />;
}

function CustomerSide({ tab, contact }: { tab: "customer" | "history"; contact: Contact }) {
  const customer = useCustomer(contact);
  return tab === "customer" ? <CustomerTab contact={contact} customer={customer} /> : <HistoryTab contact={contact} customer={customer} />;
}
