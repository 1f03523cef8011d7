/** Every language by its own name, so that whoever cannot read the page finds theirs. */

import { Box, Button, Menu } from "@mantine/core";
import { IconCheck, IconLanguage } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { LANGUAGES, setLanguage, type Language } from "../i18n";

/** `compact`: on a telephone only its sign. */
export function LanguageSwitch({ compact = false }: { compact?: boolean }) {
  const { t, i18n } = useTranslation();
  return (
    <Menu position="bottom-end" withinPortal={false}>
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-md" px="xs" aria-label={`${t("app.language")}: ${LANGUAGES[i18n.language as Language]}`}>
          <IconLanguage size={18} aria-hidden />
          <Box component="span" ml={6} {...(compact ? { visibleFrom: "sm" as const } : {})}>{LANGUAGES[i18n.language as Language]}</Box>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.Item
            key={code}
            lang={code}
            onClick={() => setLanguage(code as Language)}
            rightSection={i18n.language === code ? <IconCheck size={16} aria-hidden /> : null}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
