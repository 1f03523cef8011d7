/** My state: what I chose, what the desk makes of it, since when, and what comes next. */

import { Button, Menu } from "@mantine/core";
import { IconCheck, IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Since, Until } from "./Clock";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import { AVAILABILITIES, type AgentView, type Availability } from "./types";

/** Which of the dots: by what was chosen, or busy while there is a contact. */
export function dotOf(view: Pick<AgentView, "availability" | "status">): string {
  if (view.availability === "offline") return "offline";
  if (view.status === "interacting" || view.status === "communicating" || view.status === "offered") return "busy";
  if (view.status === "not_responding" || view.status === "error") return "away";
  return view.availability === "available" ? (view.status === "acw" ? "pause" : "available") : "pause";
}

const PLAIN = new Set(["idle"]);

export function StatusMenu() {
  const { t } = useTranslation("desk");
  const { view, act } = useDesk();
  const choose = (one: Availability) => void act(deskApi.availability(one));
  return (
    <Menu position="bottom-start" width={230}>
      <Menu.Target>
        <Button variant="default" size="sm" rightSection={<IconChevronDown size={16} aria-hidden />} leftSection={<i className={css.dot} data-state={dotOf(view)} />}>
          <span data-testid="status">
            {PLAIN.has(view.status) || view.availability === "offline" ? t(`availability.${view.availability}`) : t(`status.${view.status}`)}
          </span>
          &ensp;
          {view.until ? <Until at={view.until} /> : <Since at={view.since} />}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{view.contacts.length ? t("top.after") : t("top.choose")}</Menu.Label>
        {AVAILABILITIES.map((one) => (
          <Menu.Item
            key={one}
            onClick={() => choose(one)}
            leftSection={<i className={css.dot} data-state={one === "available" ? "available" : one === "offline" ? "offline" : "pause"} />}
            rightSection={one === (view.next_availability ?? view.availability) ? <IconCheck size={16} aria-label={t("top.chosen")} /> : null}
          >
            {t(`availability.${one}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The state that follows after the contacts at hand, and missed offers in a row. */
export function NextState() {
  const { t } = useTranslation("desk");
  const { view } = useDesk();
  return (
    <>
      {view.next_availability && view.next_availability !== view.availability && (
        <span className={css.pill} data-tone="warn">{t("top.next", { state: t(`availability.${view.next_availability}`) })}</span>
      )}
      {view.missed > 0 && (
        <span className={css.pill} data-tone="bad">{t("top.missed", { count: view.missed })}</span>
      )}
    </>
  );
}
