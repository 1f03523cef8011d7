/** Where each turn's time went: bars of stages that add up to the whole. */

import { useTranslation } from "react-i18next";
import type { Turn } from "../lib/transcript";
import css from "./parts.module.css";

export function LedgerTable({ turns }: { turns: Turn[] }) {
  const { t } = useTranslation("history");
  const names = [...new Set(turns.flatMap((turn) => turn.stages.map((stage) => stage.name)))];
  const longest = Math.max(1, ...turns.map((turn) => turn.total_ms));
  return (
    <div className={css["ledger"]}>
      <ul className={css["legend"]}>
        {names.map((name, index) => (
          <li key={name} data-stage={index % 7}>
            <i aria-hidden="true" /> {t(`stage.${name}`, { defaultValue: name.replaceAll("_", " ") })}
          </li>
        ))}
      </ul>
      <ol>
        {turns.map((turn, index) => (
          <li key={turn.at}>
            <span className={css["turn"]}>{t("conversation.turn")} {index + 1}</span>
            <span className={css["stack"]}>
              {turn.stages.map((stage) => (
                <span
                  key={stage.name}
                  data-stage={names.indexOf(stage.name) % 7}
                  style={{ width: `${(100 * stage.ms) / longest}%` }}
                  title={`${t(`stage.${stage.name}`, { defaultValue: stage.name })}: ${Math.round(stage.ms)} ms`}
                >
                  {stage.ms / longest > 0.09 ? Math.round(stage.ms) : ""}
                </span>
              ))}
            </span>
            <b>{Math.round(turn.total_ms)} ms</b>
          </li>
        ))}
      </ol>
    </div>
  );
}
