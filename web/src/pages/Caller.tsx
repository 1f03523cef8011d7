/** The page a customer calls from, or writes from. */

import { useRef } from "react";
import css from "../caller/caller.module.css";
import { Start } from "../caller/Start";
import { Talk } from "../caller/Talk";
import { useCaller } from "../caller/useCaller";
import { PageBar } from "../parts/PageBar";

export default function CallerPage() {
  const player = useRef<HTMLAudioElement>(null);
  const caller = useCaller(player);
  const begun = caller.kept !== null || caller.call !== "none";
  return (
    <div className={css["page"]} data-begun={begun || undefined}>
      <PageBar />
      <audio ref={player} autoPlay />
      {begun ? <Talk caller={caller} /> : <Start caller={caller} />}
    </div>
  );
}
