/** The desk's one truth: the server's AgentView, asked for anew whenever an event may concern it. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, type StoredEvent, type User } from "../api";
import { followEvents, type LinkState } from "../events";
import { CallError } from "../lib/callError";
import { add, alertOf, type Alert } from "./alerts";
import { delayOf } from "./concern";
import type { Desk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import type { AgentView } from "./types";

/** How often we ask although nothing happened: often while it rings (the ring is a lease), seldom else. */
const RINGING_MS = 2500;
const QUIET_MS = 20_000;

export function useDeskState(user: User): Desk | { view: null; problem: string } {
  const { t } = useTranslation("desk");
  const [seen, setSeen] = useState<{ view: AgentView; at: number } | null>(null);
  const [problem, setProblem] = useState("");
  const [link, setLink] = useState<LinkState>("connecting");
  const [alerts, setAlerts] = useState<Alert[]>([]);
  const [waiting, setWaiting] = useState<Record<string, string>>({});
  const listeners = useRef(new Set<(event: StoredEvent) => void>());
  const latest = useRef<AgentView | null>(null);
  const order = useRef({ asked: 0, seen: 0 });

  const tell = useCallback(
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 401) setProblem(t("error.signedOut"));
      else if (error instanceof CallError) setProblem(t(`error.${error.failure}`));
      else if (error instanceof ApiError && error.status) setProblem(t("error.generic", { detail: error.message }));
      else setProblem(t("error.network"));
    },
    [t],
  );
  const refresh = useCallback(
    () => {
      const number = ++order.current.asked;
      return deskApi.agent().then((view) => {
        if (number < order.current.seen) return; // overtaken: what was asked later has come before
        order.current.seen = number;
        latest.current = view;
        setSeen({ view: view, at: Date.now() });
      }, tell);
    },
    [tell],
  );
  const act = useCallback(
    async (work: Promise<unknown>) => {
      setProblem("");
      try {
        await work;
        return true;
      } catch (error) {
        tell(error);
        return false;
      } finally {
        void refresh();
      }
    },
    [refresh, tell],
  );

  useEffect(() => {
    let pending: number | undefined;
    let due = Infinity;
    const soon = (delay: number) => {
      if (Date.now() + delay >= due) return; // asked for soon enough
      window.clearTimeout(pending);
      due = Date.now() + delay;
      pending = window.setTimeout(() => {
        due = Infinity;
        void refresh();
      }, delay);
    };
    const onEvent = (event: StoredEvent) => {
      const mine = latest.current?.contacts.map((one) => one.conversation_id) ?? [];
      const offered = latest.current?.offers.map((one) => one.conversation_id) ?? [];
      const delay = delayOf(event, [...mine, ...offered], user.id);
      if (delay !== null) soon(delay);
      const alert = alertOf(event, mine, user);
      if (alert) setAlerts((before) => add(before, alert));
      if (event.type === "message" && mine.includes(event.conversation_id)) {
        const asked = event.payload["role"] === "customer";
        setWaiting(({ [event.conversation_id]: since, ...rest }) => (asked ? { ...rest, [event.conversation_id]: since ?? event.at } : rest));
      }
      listeners.current.forEach((listener) => listener(event));
    };
    const stop = followEvents({
      live: true,
      onEvent,
      onState: (state) => {
        setLink(state);
        if (state === "open") soon(0);
      },
    });
    return () => {
      stop();
      window.clearTimeout(pending);
    };
  }, [refresh, user]);

  const ringing = (seen?.view.offers.length ?? 0) > 0;
  useEffect(() => {
    const timer = window.setInterval(() => void refresh(), ringing ? RINGING_MS : QUIET_MS);
    return () => window.clearInterval(timer);
  }, [refresh, ringing]);

  const readAlerts = useCallback(() => setAlerts((before) => before.map((one) => ({ ...one, read: true }))), []);
  const forget = useCallback(() => setProblem(""), []);
  const follow = useCallback((listener: (event: StoredEvent) => void) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);

  return useMemo(() => {
    if (!seen) return { view: null, problem };
    return { user, view: seen.view, viewedAt: seen.at, link, act, refresh, tell, problem, forget, alerts, readAlerts, waiting, follow };
  }, [user, seen, link, act, refresh, tell, problem, forget, alerts, readAlerts, waiting, follow]);
}
