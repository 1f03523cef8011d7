/** What every part of the desk shares: the server's view of me, what is going wrong, what may be done. */

import { createContext, useContext } from "react";
import type { StoredEvent, User } from "../api";
import type { LinkState } from "../events";
import type { Alert } from "./alerts";
import type { AgentView } from "./types";

export type Desk = {
  user: User;
  view: AgentView;
  /** Our clock when `view` came, epoch ms. */
  viewedAt: number;
  link: LinkState;
  /** Does something and then asks the server how things are; what goes wrong is shown. Resolves to whether it worked. */
  act: (work: Promise<unknown>) => Promise<boolean>;
  refresh: () => Promise<void>;
  tell: (error: unknown) => void;
  problem: string;
  forget: () => void;
  alerts: Alert[];
  readAlerts: () => void;
  /** Conversation → since when a written message of the customer waits for an answer. */
  waiting: Record<string, string>;
  /** Calls back for every live event until the returned function is called. */
  follow: (listener: (event: StoredEvent) => void) => () => void;
};

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("a part of the desk stands outside of it");
  return desk;
}
