import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { api, ApiError } from "../api";
import { Brand } from "../parts/Brand";
import { Icon } from "../parts/Icon";
import { LanguageSwitch } from "../parts/LanguageSwitch";

export default function LoginPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const from = useLocation().state as { to?: string } | null;
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const user = await api.login(name.trim(), password);
      await navigate(from?.to ?? (user.device ? "/agent" : "/conversations"), { replace: true });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0) setProblem(t("error.network"));
      else setProblem(error.status === 401 ? t("error.login") : t("error.generic", { detail: error.message }));
      setBusy(false);
    }
  };

  return (
    <div className="caller is-idle">
      <header className="bar">
        <Brand />
        <span className="grow" />
        <LanguageSwitch />
      </header>
      <main className="hero">
        <form className="card login" onSubmit={(event) => void submit(event)}>
          <h1>{t("login.title")}</h1>
          <label>
            {t("login.name")}
            <input value={name} autoComplete="username" autoFocus required onChange={(event) => setName(event.target.value)} />
          </label>
          <label>
            {t("login.password")}
            <input
              type="password"
              value={password}
              autoComplete="current-password"
              required
              onChange={(event) => setPassword(event.target.value)}
            />
          </label>
          {problem && <p className="alert" role="alert"><Icon name="warn" /> {problem}</p>}
          <button type="submit" className="primary wide" disabled={busy}>
            {t("login.submit")}
          </button>
        </form>
      </main>
    </div>
  );
}
