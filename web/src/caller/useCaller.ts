/** The caller's side of a conversation: a call, a chat, or both; taken up again after a reload or a broken line. */

import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { api, ApiError } from "../api";
import { startCall, type BrowserCall, type CallState } from "../lib/call";
import { useComfort } from "../lib/comfort";
import { keep, recall, type Kept } from "../lib/kept";
import { OWN, type Voice } from "../lib/microphone";
import type { Picture } from "../lib/transcript";
import { useConversation } from "../lib/useConversation";
import { after, callOver, isOver, RETURN_AFTER_MS } from "./returning";

export type Caller = {
  kept: Kept | null;
  /** "none": nothing is or was on the line since the page was opened. */
  call: CallState | "none";
  /** The line was lost or the page reloaded, and the call is being taken up again. */
  returning: boolean;
  /** A call or a chat goes on. */
  open: boolean;
  picture: Picture;
  lost: boolean;
  muted: boolean;
  /** Whose microphone is heard. */
  voice: Voice;
  /** What the camera shows, while it is on. */
  shown: MediaStream | null;
  /** The browser refused to play without a click. */
  silent: boolean;
  problem: unknown;
  begin: (camera: boolean) => Promise<void>;
  write: () => Promise<void>;
  hangUp: () => void;
  /** Forget the conversation that is over, back to the start. */
  leave: () => void;
  mute: (on: boolean) => void;
  /** Try again to be heard. */
  useMicrophone: () => void;
  useCamera: (on: boolean) => void;
  unsilence: () => void;
  press: (digit: string) => void;
  send: (text: string) => Promise<void>;
  dismiss: () => void;
};

/** The caller hung up, or began something else, while the line was being made. */
class CalledOff extends Error {}

export function useCaller(player: RefObject<HTMLAudioElement | null>): Caller {
  const { i18n } = useTranslation();
  const { slow } = useComfort();
  const [kept, setKept] = useState<Kept | null>(recall);
  const [call, setCall] = useState<CallState | "none">("none");
  const [returning, setReturning] = useState(() => recall()?.call != null);
  const [muted, setMuted] = useState(false);
  const [voice, setVoice] = useState(OWN);
  const [shown, setShown] = useState<MediaStream | null>(null);
  const [silent, setSilent] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const { picture, link } = useConversation(kept?.conversation ?? null, kept?.token);
  const line = useRef<BrowserCall | null>(null);
  const leg = useRef(""); // the server's name of it
  const round = useRef(0); // of wanting a line: whatever belongs to an older one ends by itself and changes nothing
  const [making, setMaking] = useState(false);
  const phase = picture.phase.name;
  const latest = useRef({ kept, muted, slow, phase });
  latest.current = { kept, muted, slow, phase };

  const remember = useCallback((next: Kept | null) => {
    latest.current.kept = next;
    keep(next);
    setKept(next);
  }, []);

  const showCamera = useCallback(async (on: boolean) => {
    try {
      setShown((await line.current?.useCamera(on)) ?? null);
      const now = latest.current.kept;
      if (now) remember({ ...now, camera: on });
    } catch (error) {
      setProblem(error);
    }
  }, [remember]);

  /** No line is wanted any more, whether it is up or still being made. */
  const putDown = useCallback(() => {
    round.current += 1;
    line.current?.close();
    line.current = null;
    setShown(null);
    setReturning(false);
  }, []);

  /** One try to bring a call up; `again`: only one that still goes on. Throws `CalledOff` when it is not wanted any more. */
  const connect = useCallback(
    async (mine: number, from: Kept | null, camera: boolean, again: boolean, onLost: () => void) => {
      const off = () => round.current !== mine;
      let up = false; // before that, what goes wrong is thrown
      setMaking(true);
      setVoice(OWN);
      const dial = async () =>
        startCall({
          video: true,
          listens: again, // who comes back without a microphone still hears, and writes
          iceServers: await api.iceServers(),
          player: player.current!,
          onVoice: (next) => !off() && setVoice(next),
          exchange: async (sdp) => {
            const answer = await api.offer(
              { sdp, locale: i18n.language, video: camera, slow: latest.current.slow, resume: again, ...(from ? { conversation: from.conversation } : {}) },
              from?.token,
            );
            if (off()) {
              void api.leave(answer.conversation_id, answer.token).catch(() => undefined);
              throw new CalledOff();
            }
            leg.current = answer.leg_id;
            remember({
              conversation: answer.conversation_id,
              token: answer.token,
              call: answer.contact_id,
              writing: from?.writing ?? false,
              camera,
              since: again ? (from?.since ?? null) : null,
            });
            return answer.sdp;
          },
          onState: (next) => {
            if (off()) return;
            setCall(next);
            if (next === "up") {
              setReturning(false);
              const now = latest.current.kept;
              if (now && now.since === null) remember({ ...now, since: Date.now() });
              setSilent(player.current?.paused ?? false);
            }
            if (next === "ended") {
              setShown(null);
              line.current = null;
              if (up) onLost();
            }
          },
        });
      const made = await dial().finally(() => setMaking(false));
      if (off()) {
        made.close();
        throw new CalledOff();
      }
      up = true;
      line.current = made;
      if (latest.current.muted) made.mute(true);
      if (camera) await showCamera(true);
    },
    [i18n.language, player, remember, showCamera],
  );

  /** The line is gone and nobody hung up: the server keeps our place for a while. */
  const comeBack = useCallback(async () => {
    const mine = ++round.current;
    setReturning(true);
    setCall("connecting");
    for (const wait of RETURN_AFTER_MS) {
      await after(wait);
      if (round.current !== mine) return;
      const from = latest.current.kept;
      if (!from?.call) break;
      try {
        await connect(mine, from, from.camera, true, () => void comeBack());
        setProblem(null);
        return;
      } catch (error) {
        if (round.current !== mine) return;
        if (isOver(error)) break;
        if (!(error instanceof ApiError)) setProblem(error);
        if (!(error instanceof ApiError)) break; // trying again would ask in vain
      }
    }
    setReturning(false);
    setCall("ended");
    const left = latest.current.kept;
    if (left) remember({ ...left, call: null });
  }, [connect, remember]);

  const back = useRef(comeBack);
  back.current = comeBack;
  useEffect(() => {
    if (recall()?.call) void back.current(); // after a reload
    return () => {
      round.current += 1;
      line.current?.close();
    };
  }, []);
  const over = callOver(picture, kept);
  useEffect(() => {
    if (!over || making) return; // a chat may end because the call that is being made takes it over
    setCall((was) => (was === "none" ? was : "ended"));
    putDown();
    const now = latest.current.kept;
    if (phase === "ended") keep(null); // a reload begins anew; what was said stays on this page until then
    else if (now?.call) remember({ ...now, call: null });
  }, [over, making, phase, putDown, remember]);
  useEffect(() => {
    if (picture.away && picture.away === leg.current) line.current?.close(); // the server has given it up while we slept
  }, [picture.away]);
  const was = useRef(phase);
  useEffect(() => {
    const [before, now] = [was.current, latest.current.kept];
    was.current = phase;
    // They wrote on where all was over: another contact has begun in the conversation.
    if (before === "ended" && phase !== "ended" && now && (over || !now.call)) remember({ ...now, call: null, writing: true });
  }, [over, phase, remember]);
  const open = kept !== null && (phase !== "ended" || returning) && (call === "connecting" || call === "up" || call === "unstable" || returning || kept.writing);
  useEffect(() => {
    if (latest.current.kept && latest.current.phase !== "ended") {
      const { conversation, token } = latest.current.kept;
      api.pace(conversation, slow, token).catch(() => undefined); // the next call says it again
    }
  }, [slow]);

  return {
    kept,
    call,
    returning,
    open,
    picture,
    lost: link === "lost",
    muted,
    voice,
    shown,
    silent,
    problem,
    begin: async (camera) => {
      const beside = open && latest.current.kept ? latest.current.kept : null;
      putDown();
      const mine = round.current;
      setProblem(null);
      setMuted(false);
      if (!beside) remember(null);
      setCall("connecting");
      try {
        await connect(mine, beside, camera, false, () => void comeBack());
      } catch (error) {
        if (round.current !== mine) return;
        setCall("none");
        setProblem(error);
      }
    },
    write: async () => {
      setProblem(null);
      try {
        const begun = await api.chat(i18n.language);
        setCall("none");
        remember({ conversation: begun.conversation_id, token: begun.token, call: null, writing: true, camera: false, since: null });
      } catch (error) {
        setProblem(error);
      }
    },
    hangUp: () => {
      putDown();
      setCall("ended");
      const now = latest.current.kept;
      if (!now) return;
      remember({ ...now, call: null });
      void api.leave(now.conversation, now.token).catch(() => undefined);
    },
    leave: () => {
      const now = latest.current.kept;
      if (now && open) void api.leave(now.conversation, now.token).catch(() => undefined);
      setProblem(null);
      setCall("none");
      remember(null);
    },
    mute: (on) => {
      line.current?.mute(on);
      setMuted(on);
    },
    useMicrophone: () => void line.current?.useMicrophone("").catch(setProblem),
    useCamera: (on) => void showCamera(on),
    unsilence: () => void player.current?.play().then(() => setSilent(false)),
    press: (digit) => {
      const now = latest.current.kept;
      if (now) api.dtmf(now.conversation, digit, now.token).catch(setProblem);
    },
    send: async (text) => {
      const now = latest.current.kept;
      if (now) await api.message(now.conversation, text, now.token);
    },
    dismiss: () => setProblem(null),
  };
}
