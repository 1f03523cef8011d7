/** Customers who wait to be taken back by anybody. */

import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Since } from "./Clock";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi, type Parked } from "./deskApi";
import { useUi } from "./DeskUi";

const TOGETHER_MS = 200;

export function ParkedList() {
  const { t } = useTranslation("desk");
  const { follow, view, tell } = useDesk();
  const { calls } = useUi();
  const [parked, setParked] = useState<Parked[]>([]);
  useEffect(() => {
    let gone = false;
    const look = () => void deskApi.parked().then((found) => !gone && setParked(found), tell);
    look();
    let pending: number | undefined;
    const stop = follow((event) => {
      if (!/^(park|contact\.ended)/.test(event.type)) return;
      window.clearTimeout(pending); // many come together in a busy centre
      pending = window.setTimeout(look, TOGETHER_MS);
    });
    return () => {
      gone = true;
      window.clearTimeout(pending);
      stop();
    };
  }, [follow, tell, view.contacts.length]);
  if (parked.length === 0) return null;
  return (
    <section className={css.card} aria-label={t("parked.title")}>
      <h2 className={css.section}>{t("parked.title")}</h2>
      <ul className={css.roster}>
        {parked.map((one) => (
          <li key={one.code} className={css.contact}>
            <span className={css.channel}>{one.code}</span>
            <span className={css.name}>{one.customer_name || t("who.customer")}</span>
            <Since at={one.since} />
            <span className={css.more}>
              {t("parked.by", { name: one.by })}
              <Button size="compact-xs" variant="default" onClick={() => void calls.take(one.code)}>{t("parked.take")}</Button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
