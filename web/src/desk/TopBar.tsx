/** The bar above everything: my state, the queues, alerts, search, devices, keys, who I am. */

import { ActionIcon, Button, Kbd, Menu, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { IconHeadset, IconKeyboard, IconLogout, IconMessages, IconMoon, IconSearch, IconSun, IconUser, IconWorld } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api } from "../api";
import { LANGUAGES, setLanguage, type Language } from "../i18n";
import { mayChangeDevice } from "./actions";
import { AlertsMenu } from "./AlertsMenu";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { useUi } from "./DeskUi";
import { Keys } from "./Keys";
import { QueueSummary } from "./QueueSummary";
import { NextState, StatusMenu } from "./StatusMenu";

export function TopBar() {
  const { t } = useTranslation("desk");
  const { open, keymap } = useUi();
  return (
    <header className={css.top}>
      <Link to="/agent" className={css.mark} aria-label="Warmline">
        <img src="/mark.svg" alt="" width="26" height="26" />
      </Link>
      <StatusMenu />
      <NextState />
      <QueueSummary />
      <span className={css.grow} />
      <Button variant="default" size="sm" className={css.search} onClick={spotlight.open} leftSection={<IconSearch size={16} aria-hidden />} rightSection={<Kbd size="xs"><Keys combo={keymap.palette} /></Kbd>}>
        {t("top.search")}
      </Button>
      <AlertsMenu />
      <ActionIcon variant="subtle" color="gray" size="lg" onClick={() => open("devices")} aria-label={t("devices.title")}>
        <IconHeadset size={20} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" size="lg" onClick={() => open("keys")} aria-label={t("keys.title")}>
        <IconKeyboard size={20} aria-hidden />
      </ActionIcon>
      <UserMenu />
    </header>
  );
}

function UserMenu() {
  const { t, i18n } = useTranslation("desk");
  const { user, view } = useDesk();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="subtle" color="gray" size="sm" leftSection={<IconUser size={18} aria-hidden />}>
          {user.display_name || user.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/conversations" target="_blank" leftSection={<IconMessages size={16} aria-hidden />}>{t("nav.conversations")}</Menu.Item>
        <Menu.Item onClick={() => setColorScheme(dark ? "light" : "dark")} leftSection={dark ? <IconSun size={16} aria-hidden /> : <IconMoon size={16} aria-hidden />}>
          {dark ? t("top.light") : t("top.dark")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("app.language")}</Menu.Label>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.Item key={code} lang={code} aria-current={i18n.language === code} leftSection={<IconWorld size={16} aria-hidden />} onClick={() => setLanguage(code as Language)}>
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item disabled={!mayChangeDevice(view)} leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void api.logout().finally(() => (window.sessionStorage.clear(), void navigate("/login")))}>
          {t("login.out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
