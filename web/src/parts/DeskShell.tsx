/** Frame of the signed-in pages that are no workplace: brand, places, language, who is signed in. */

import "../theme/desk";
import { Alert, Button, Group, Text } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, useNavigate } from "react-router";
import { api, type User } from "../api";
import { useMe } from "../lib/useMe";
import { Brand } from "./Brand";
import { LanguageSwitch } from "./LanguageSwitch";
import css from "./parts.module.css";
import { SchemeSwitch } from "./SchemeSwitch";

export function DeskShell({ children }: { children: (user: User) => ReactNode }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { user, failed } = useMe();

  return (
    <div className={css["shell"]}>
      <header className={css["bar"]}>
        <Brand to={user && !user.device ? "/conversations" : "/agent"} />
        <nav aria-label={t("nav.label")}>
          {user?.device && <NavLink to="/agent">{t("nav.agent")}</NavLink>}
          <NavLink to="/conversations">{t("nav.conversations")}</NavLink>
        </nav>
        <Group gap={4} wrap="nowrap" ml="auto">
          {user && <Text fw={600} fz="sm" visibleFrom="sm" px="xs">{user.display_name || user.name}</Text>}
          <LanguageSwitch compact />
          <SchemeSwitch />
          {user && (
            <Button
              variant="subtle"
              color="gray"
              size="compact-md"
              aria-label={t("login.out")}
              onClick={() => void api.logout().finally(() => void navigate("/login"))}
            >
              <IconLogout size={18} aria-hidden />
            </Button>
          )}
        </Group>
      </header>
      <main className={css["body"]}>
        {failed && <Alert role="alert" color="red">{t("error.network")}</Alert>}
        {!user && !failed && <Text c="dimmed">{t("app.loading")}</Text>}
        {user && children(user)}
      </main>
    </div>
  );
}
