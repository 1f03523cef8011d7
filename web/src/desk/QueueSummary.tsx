/** How my queues stand: waiting, longest wait, service level; each queue by itself on a click. */

import { Popover, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { clock } from "../lib/format";
import { useNow } from "./Clock";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { waitShare } from "./roster";
import { serverNow } from "./serverClock";

export function QueueSummary() {
  const { t } = useTranslation("desk");
  const { view, viewedAt } = useDesk();
  const passed = Math.max(0, useNow() - (viewedAt + serverNow() - Date.now()));
  const waiting = view.queues.reduce((sum, one) => sum + one.waiting, 0);
  const longest = view.queues.filter((one) => one.waiting > 0).sort((a, b) => b.longest_wait_ms - a.longest_wait_ms)[0];
  const longestMs = longest ? longest.longest_wait_ms + passed : 0;
  const late = longest !== undefined && waitShare(longestMs, longest.sl_target_s) >= 1;
  const levels = view.queues.map((one) => one.service_level).filter((one) => one !== null);
  const worst = levels.length ? Math.min(...levels) : null;
  return (
    <Popover position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <UnstyledButton style={{ display: "flex" }} title={t("top.queues")}>
          <span className={css.measure}>
            <small>{t("top.waiting")}</small>
            <b>{waiting}</b>
          </span>
          <span className={css.measure}>
            <small>{t("top.longest")}</small>
            <b className={late ? css.late : ""}>
              {late && <IconAlertTriangle size={13} aria-label={t("top.late")} />} {clock(longestMs)}
            </b>
          </span>
          <span className={css.measure}>
            <small>{t("top.serviceLevel")}</small>
            <b>{worst === null ? "–" : `${Math.round(100 * worst)} %`}</b>
          </span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <table className={css.keys}>
          <thead>
            <tr>
              {[t("top.queue"), t("top.waiting"), t("top.longest"), t("top.serviceLevel")].map((head) => (
                <th key={head} scope="col" style={{ textAlign: "left", padding: "2px 8px" }}>{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {view.queues.map((one) => (
              <tr key={one.queue}>
                <td>{one.name || one.queue}</td>
                <td>{one.waiting}</td>
                <td>{one.waiting ? clock(one.longest_wait_ms + passed) : "–"}</td>
                <td>{one.service_level === null ? "–" : t("top.level", { percent: Math.round(100 * one.service_level), seconds: one.sl_target_s })}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Popover.Dropdown>
    </Popover>
  );
}
