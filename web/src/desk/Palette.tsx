/** The command palette: whatever may be done now, found by typing a few letters of it. */

import { Spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { LANGUAGES, setLanguage, type Language } from "../i18n";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import { TABS, useUi } from "./DeskUi";
import { keysOf, COMMANDS } from "./keymap";
import { ordered } from "./roster";
import { AVAILABILITIES } from "./types";
import type { Handlers } from "./useKeys";

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Palette({ handlers }: { handlers: Handlers }) {
  const { t } = useTranslation("desk");
  const { view, act } = useDesk();
  const { keymap, choose, setTab, open } = useUi();
  const groups: SpotlightActionGroupData[] = [
    {
      group: t("palette.now"),
      actions: COMMANDS.filter((one) => handlers[one] && one !== "palette" && !one.startsWith("card")).map((one) => ({
        id: one,
        label: t(`command.${one}`),
        rightSection: <small>{keysOf(keymap[one], MAC).join(MAC ? "" : "+")}</small>,
        onClick: () => handlers[one]?.(),
      })),
    },
    {
      group: t("palette.contacts"),
      actions: ordered(view.contacts).map((one) => ({
        id: one.contact_id,
        label: one.customer_name || t("who.customer"),
        description: t(`channel.${one.channel}`),
        onClick: () => choose(one.contact_id),
      })),
    },
    {
      group: t("palette.status"),
      actions: AVAILABILITIES.map((one) => ({ id: `status-${one}`, label: t(`availability.${one}`), onClick: () => void act(deskApi.availability(one)) })),
    },
    {
      group: t("palette.show"),
      actions: [
        ...TABS.map((one) => ({ id: `tab-${one}`, label: t(`side.${one}`), onClick: () => setTab(one) })),
        { id: "devices", label: t("devices.title"), onClick: () => open("devices") },
        ...Object.entries(LANGUAGES).map(([code, name]) => ({ id: `language-${code}`, label: name, onClick: () => setLanguage(code as Language) })),
      ],
    },
  ];
  return (
    <Spotlight
      actions={groups.filter((one) => one.actions.length > 0)}
      shortcut={null}
      nothingFound={t("palette.none")}
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: t("palette.hint"), "aria-label": t("palette.hint") }}
    />
  );
}
