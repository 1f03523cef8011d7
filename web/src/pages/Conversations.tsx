import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, type ConversationSummary } from "../api";
import { clock, moment } from "../lib/format";
import { DeskShell } from "../parts/DeskShell";
import { Icon } from "../parts/Icon";

const PAGE = 50;

export default function ConversationsPage() {
  return <DeskShell>{() => <List />}</DeskShell>;
}

function List() {
  const { t, i18n } = useTranslation("history");
  const [query, setQuery] = useState("");
  const [rows, setRows] = useState<ConversationSummary[] | null>(null);
  const [more, setMore] = useState(false);
  const [failed, setFailed] = useState(false);

  const load = useCallback(async (search: string, before?: string) => {
    try {
      const page = await api.conversations(search, before);
      setRows((old) => (before && old ? [...old, ...page] : page));
      setMore(page.length === PAGE);
      setFailed(false);
    } catch {
      setFailed(true);
    }
  }, []);
  useEffect(() => {
    const timer = window.setTimeout(() => void load(query.trim()), query ? 250 : 0);
    return () => window.clearTimeout(timer);
  }, [query, load]);

  return (
    <div className="page">
      <div className="heading">
        <h1>{t("list.title")}</h1>
        <label className="search">
          <Icon name="search" size={18} />
          <input type="search" value={query} placeholder={t("list.search")} aria-label={t("list.search")} onChange={(event) => setQuery(event.target.value)} />
        </label>
      </div>
      {failed && <p className="alert" role="alert"><Icon name="warn" /> {t("error.network")}</p>}
      {rows === null && !failed && <p className="empty">{t("app.loading")}</p>}
      {rows?.length === 0 && (
        <div className="card nothing">
          <Icon name="phone" size={40} />
          <h2>{query ? t("list.emptySearch") : t("list.empty")}</h2>
          {!query && <p>{t("list.emptyHint")} <Link to="/">{t("list.callPage")}</Link></p>}
        </div>
      )}
      {rows !== null && rows.length > 0 && (
        <div className="card table">
          <table>
            <thead>
              <tr>
                <th>{t("list.started")}</th>
                <th>{t("list.subject")}</th>
                <th>{t("list.language")}</th>
                <th>{t("list.length")}</th>
                <th>{t("list.status")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.conversation_id}>
                  <td><Link to={`/conversations/${row.conversation_id}`}>{moment(row.opened_at, i18n.language)}</Link></td>
                  <td>{row.subject || t("list.noSubject")}</td>
                  <td>{row.language}</td>
                  <td className="num">{row.closed_at ? clock(Date.parse(row.closed_at) - Date.parse(row.opened_at)) : "–"}</td>
                  <td><span className={`badge is-${row.status}`}>{t(`list.${row.status}`, { defaultValue: row.status })}</span></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {more && rows && (
        <button type="button" className="quiet wide" onClick={() => void load(query.trim(), rows.at(-1)?.opened_at)}>
          {t("list.more")}
        </button>
      )}
    </div>
  );
}
