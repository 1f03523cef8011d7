/** What the person at the desk has open: which contact, which tab, which dialog, what they have typed. */

import { createContext, useContext } from "react";
import type { Keymap } from "./keymap";
import type { Contact } from "./types";
import type { Assist } from "./useAssist";
import type { Calls } from "./useCalls";
import type { Devices } from "./useDevices";
import type { Drafts } from "./useDrafts";

export const TABS = ["customer", "assist", "history", "tickets", "guide"] as const;
export type Tab = (typeof TABS)[number];
export type Dialog = "transfer" | "consult" | "devices" | "keys" | "keypad" | null;

export type DeskUi = {
  calls: Calls;
  devices: Devices;
  drafts: Drafts;
  assist: Assist;
  shown: Contact | null;
  beside: Contact | null;
  choose: (contact_id: string) => void;
  unread: Record<string, number>;
  tab: Tab;
  setTab: (tab: Tab) => void;
  dialog: Dialog;
  open: (dialog: Dialog) => void;
  keymap: Keymap;
  setKeymap: (keymap: Keymap) => void;
};

export const UiContext = createContext<DeskUi | null>(null);

export function useUi(): DeskUi {
  const ui = useContext(UiContext);
  if (!ui) throw new Error("a part of the desk stands outside of it");
  return ui;
}
