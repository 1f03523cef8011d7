/** The sound of my calls in this page: answered here, found again after a reload or a sleep, lost to another tab. */

import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../api";
import { startCall, type BrowserCall, type CallState } from "../lib/call";
import { OWN, type Voice } from "../lib/microphone";
import { lostCalls } from "./actions";
import type { Desk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import { carriedBefore, holdLock, isAway, isElsewhere, remember, SETTLED_MS, verdict, type Verdict } from "./held";
import type { Contact, Offer } from "./types";
import type { Devices } from "./useDevices";

/** `line.upAt`: our clock when it came up, epoch ms; 0 before. */
type Open = { call: BrowserCall; player: HTMLAudioElement; seen: boolean; unlock: () => void; line: { upAt: number } };
type Exchange = (sdp: string | null) => Promise<{ contact_id?: string; sdp: string | null; leg_id: string | null }>;
export type Calls = {
  /** Contacts whose sound is here, and how the connection is. */
  states: Record<string, CallState>;
  /** My calls whose sound is not here, and why. */
  lost: { contact: Contact; verdict: Verdict }[];
  /** Whose microphone is heard in them. */
  voice: Voice;
  accept: (offer: Offer) => Promise<boolean>;
  take: (code: string) => Promise<boolean>;
  rejoin: (contact: Contact) => Promise<boolean>;
  useMicrophone: (device: string) => Promise<boolean>;
};

export function useCalls(desk: Desk, devices: Devices): Calls {
  const { user, view, viewedAt, act, refresh, follow } = desk;
  const open = useRef(new Map<string, Open>());
  const busy = useRef(new Set<string>());
  const tries = useRef<Record<string, number>>({});
  const before = useRef(new Set(carriedBefore()));
  const carried = useRef(new Set<string>()); // by this page, and by no other one since
  const others = useRef(new Set<string>()); // by another page, and not by this one since: taken with a click alone
  const legs = useRef(new Set<string>()); // every line this page had
  const channel = useRef<BroadcastChannel | null>(null);
  const gone = useRef(false); // the page shows something else: nothing may come up behind it
  const [states, setStates] = useState<Record<string, CallState>>({});
  const [lost, setLost] = useState<Calls["lost"]>([]);
  const [voice, setVoice] = useState(OWN);

  const leave = useCallback((contact: string) => {
    before.current.delete(contact);
    carried.current.delete(contact);
    others.current.add(contact);
  }, []);
  const drop = useCallback((contact: string) => {
    const one = open.current.get(contact);
    if (!one) return;
    open.current.delete(contact);
    one.call.close();
    one.unlock();
    setStates(({ [contact]: _gone, ...rest }) => rest);
  }, []);

  /** Makes the WebRTC call of a contact; its id is known before (rejoin) or comes with the answer (accept). */
  const carry = useCallback(
    async (known: string, exchange: Exchange) => {
      const player = new Audio();
      player.autoplay = true;
      if (devices.chosen.speaker && "setSinkId" in player) await player.setSinkId(devices.chosen.speaker).catch(() => undefined);
      let contact = known;
      const line = { upAt: 0 };
      const call = await startCall({
        video: false,
        iceServers: await api.iceServers(),
        player,
        microphone: devices.chosen.microphone,
        exchange: async (sdp) => {
          const answer = await exchange(sdp);
          contact = answer.contact_id ?? known;
          if (answer.leg_id) legs.current.add(answer.leg_id);
          return answer.sdp ?? "";
        },
        onState: (state) => {
          if (gone.current) return;
          if (state === "up") {
            tries.current[contact] = 0;
            line.upAt ||= Date.now();
          }
          if (state !== "ended") return setStates((all) => ({ ...all, [contact]: state }));
          // Lost, or taken to another machine: which of them, the server says (`away`). Only after a reload are we quicker than it.
          before.current.delete(contact);
          drop(contact);
          void refresh();
        },
        onVoice: setVoice,
      });
      if (gone.current) return call.close();
      drop(contact); // an older call of the same contact
      open.current.set(contact, { call, player, seen: false, unlock: holdLock(contact), line });
      setVoice(OWN);
      setStates((all) => ({ ...all, [contact]: all[contact] ?? "connecting" }));
      before.current.add(contact);
      carried.current.add(contact);
      others.current.delete(contact);
      remember([...open.current.keys()]);
      channel.current?.postMessage(contact);
    },
    [devices.chosen, drop, refresh],
  );

  const once = useCallback(
    async (key: string, work: () => Promise<unknown>) => {
      if (busy.current.has(key)) return false;
      busy.current.add(key);
      try {
        return await act(work());
      } finally {
        busy.current.delete(key);
      }
    },
    [act],
  );
  const here = view.device === "browser";
  const accept = (offer: Offer) =>
    once(offer.offer_id, () =>
      here && offer.channel !== "chat" ? carry(offer.contact_id, (sdp) => deskApi.accept(offer.offer_id, sdp)) : deskApi.accept(offer.offer_id, null),
    );
  const take = (code: string) =>
    once(code, () => (here ? carry("", (sdp) => deskApi.takeParked(code, sdp)) : deskApi.takeParked(code, null)));
  const rejoin = useCallback(
    (contact: Contact) => once(contact.contact_id, () => carry(contact.contact_id, (sdp) => deskApi.rejoin(contact.contact_id, sdp ?? ""))),
    [once, carry],
  );

  // Another tab says that it has taken a call: this one lets go of it.
  useEffect(() => {
    const one = new BroadcastChannel("warmline.desk");
    one.onmessage = (message: MessageEvent<unknown>) => {
      const contact = String(message.data);
      leave(contact);
      drop(contact);
    };
    channel.current = one;
    return () => one.close();
  }, [drop, leave]);
  // Another machine has taken a call: the server ends our line.
  useEffect(
    () =>
      follow(({ type, contact_id, payload }) => {
        if (type === "party.returned" && payload["user_id"] === user.id && contact_id && !legs.current.has(String(payload["leg_id"]))) leave(contact_id);
      }),
    [follow, leave, user.id],
  );

  // Calls end here when they end there, as does a line that was given up there while we slept; the server's mute is this page's.
  useEffect(() => {
    for (const [contact, one] of open.current) {
      const live = view.contacts.find((each) => each.contact_id === contact && each.state !== "acw");
      if (live) one.call.mute(live.muted);
      if (live) one.seen = true;
      else if (one.seen) drop(contact);
      if (live && isAway(live) && one.line.upAt > 0 && viewedAt - one.line.upAt > SETTLED_MS) drop(contact);
    }
    remember([...open.current.keys()]);
  }, [view, viewedAt, drop]);

  const microphones = devices.inputs.length;
  useEffect(() => {
    tries.current = {}; // what did not work without a microphone may work now
  }, [microphones]);
  // A call of mine that no page carries is joined again, or offered to be.
  useEffect(() => {
    let stale = false;
    const missing = lostCalls(view, [...open.current.keys()]).filter((one) => !busy.current.has(one.contact_id));
    const judge = async (contact: Contact) => {
      const id = contact.contact_id;
      const otherTab = await isElsewhere(id);
      const found = verdict(contact, {
        wasMine: before.current.has(id),
        others: others.current.has(id),
        otherTab,
        permitted: devices.permission === "granted",
        tries: tries.current[id] ?? 0,
      });
      // What was ours before a reload may still be locked by the page that goes.
      const sure = otherTab ? !before.current.has(id) || performance.now() > SETTLED_MS : !carried.current.has(id);
      if (found === "elsewhere" && sure) leave(id);
      return { contact, verdict: found };
    };
    void Promise.all(missing.map(judge)).then((judged) => {
      if (stale) return;
      setLost(judged);
      for (const { contact } of judged.filter((one) => one.verdict === "rejoin")) {
        tries.current[contact.contact_id] = (tries.current[contact.contact_id] ?? 0) + 1;
        void rejoin(contact);
      }
    });
    return () => {
      stale = true;
    };
  }, [view, states, devices.permission, microphones, leave, rejoin]);

  useEffect(() => {
    const all = open.current;
    gone.current = false;
    return () => {
      gone.current = true;
      all.forEach(({ call, unlock }) => (call.close(), unlock()));
    };
  }, []);

  const useMicrophone = (device: string) => act(Promise.all([...open.current.values()].map(({ call }) => call.useMicrophone(device))));
  useEffect(() => {
    for (const { player } of open.current.values()) if ("setSinkId" in player) void player.setSinkId(devices.chosen.speaker).catch(() => undefined);
  }, [devices.chosen.speaker]);
  return { states, lost, voice, accept, take, rejoin, useMicrophone };
}
