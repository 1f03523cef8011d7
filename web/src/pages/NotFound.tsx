import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Brand } from "../parts/Brand";

export default function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <div className="caller is-idle">
      <header className="bar"><Brand /></header>
      <main className="hero">
        <h1>404</h1>
        <p className="lead">{t("app.notFound")}</p>
        <Link to="/">{t("app.home")}</Link>
      </main>
    </div>
  );
}
