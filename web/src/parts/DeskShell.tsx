/** Frame of the signed-in pages: brand, places, language, who is signed in. Sends strangers to the sign-in page. */

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, useNavigate } from "react-router";
import { api, type User } from "../api";
import { useMe } from "../lib/useMe";
import { Brand } from "./Brand";
import { Icon } from "./Icon";
import { LanguageSwitch } from "./LanguageSwitch";

export function DeskShell({ children }: { children: (user: User) => ReactNode }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { user, failed } = useMe();

  return (
    <div className="desk">
      <header className="bar">
        <Brand to={user && !user.device ? "/conversations" : "/agent"} />
        <nav>
          {user?.device && <NavLink to="/agent">{t("nav.agent")}</NavLink>}
          <NavLink to="/conversations">{t("nav.conversations")}</NavLink>
        </nav>
        <span className="grow" />
        <LanguageSwitch />
        {user && (
          <>
            <span className="user">{user.display_name || user.name}</span>
            <button type="button" className="quiet leave" onClick={() => void api.logout().finally(() => void navigate("/login"))}>
              <Icon name="leave" size={18} /> <span>{t("login.out")}</span>
            </button>
          </>
        )}
      </header>
      <main>
        {failed && <p className="alert" role="alert">{t("error.network")}</p>}
        {!user && !failed && <p className="empty">{t("app.loading")}</p>}
        {user && children(user)}
      </main>
    </div>
  );
}
