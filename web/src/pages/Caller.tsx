/** The page a customer calls from. */

import { useEffect, useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, ApiError } from "../api";
import { startCall, CallError, type BrowserCall, type CallState } from "../lib/call";
import { clock } from "../lib/format";
import { useConversation } from "../lib/useConversation";
import { useLeaveGuard } from "../lib/useLeaveGuard";
import { useTimer } from "../lib/useTimer";
import type { Phase } from "../lib/transcript";
import { Brand } from "../parts/Brand";
import { Icon } from "../parts/Icon";
import { Keypad } from "../parts/Keypad";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { Transcript } from "../parts/Transcript";

type Session = { conversation: string; token: string };
type Translate = (key: string, values?: Record<string, unknown>) => string;

function failureText(error: unknown, t: Translate): string {
  if (error instanceof CallError) return t(`error.${error.failure}`);
  if (error instanceof ApiError) {
    if (error.status === 0) return t("error.network");
    if (error.status === 503) return error.retryAfter ? t("error.busyIn", { seconds: error.retryAfter }) : t("error.busy");
    return t("error.generic", { detail: error.message });
  }
  return t("error.failed");
}

/** The one line that says where the caller stands. */
export function stateText(call: CallState | "idle", phase: Phase, t: Translate): string {
  if (call === "ended" || phase.name === "ended") return t("state.ended");
  if (call === "unstable") return t("state.unstable");
  if (call !== "up") return t("state.connecting");
  switch (phase.name) {
    case "queued":
      if (phase.position === null) return t("state.queued");
      return phase.position <= 1 ? t("state.queuedNext") : t("state.queuedAt", { position: phase.position });
    case "agent":
      return phase.held ? t("state.held", { agent: phase.agent }) : t("state.agent", { agent: phase.agent });
    default:
      return t("state.assistant");
  }
}

export default function CallerPage() {
  const { t, i18n } = useTranslation("caller");
  const player = useRef<HTMLAudioElement>(null);
  const call = useRef<BrowserCall | null>(null);
  const [state, setState] = useState<CallState | "idle">("idle");
  const [session, setSession] = useState<Session | null>(null);
  const [startedAt, setStartedAt] = useState<number | null>(null);
  const [camera, setCamera] = useState(false);
  const [muted, setMuted] = useState(false);
  const [keypad, setKeypad] = useState(false);
  const [problem, setProblem] = useState("");
  const [draft, setDraft] = useState("");
  const { picture, link } = useConversation(session?.conversation ?? null, session?.token);
  const elapsed = useTimer(state === "up" || state === "unstable" ? startedAt : null);
  const live = state === "connecting" || state === "up" || state === "unstable";

  useLeaveGuard(live);
  useEffect(() => () => call.current?.close(), []);
  useEffect(() => {
    if (picture.phase.name === "ended") call.current?.close();
  }, [picture.phase.name]);

  const begin = async () => {
    setProblem("");
    setMuted(false);
    setSession(null);
    setState("connecting");
    try {
      call.current = await startCall({
        video: camera,
        iceServers: await api.iceServers(),
        player: player.current!,
        exchange: async (sdp) => {
          const answer = await api.offer({ sdp, locale: i18n.language, video: camera });
          setSession({ conversation: answer.conversation_id, token: answer.token });
          return answer.sdp;
        },
        onState: (next) => {
          setState(next);
          if (next === "up") setStartedAt((old) => old ?? Date.now());
          if (next === "ended") setStartedAt(null);
        },
      });
    } catch (error) {
      setState("idle");
      setProblem(failureText(error, t as Translate));
    }
  };

  const press = (digit: string) => {
    if (session) api.dtmf(session.conversation, digit, session.token).catch((error: unknown) => setProblem(failureText(error, t as Translate)));
  };

  const hangUp = () => {
    call.current?.close();
    // Closing is heard by the leg at once when the call is up; before that only the server can end it.
    if (session) void api.leave(session.conversation, session.token).catch(() => undefined);
  };

  const send = (event: FormEvent) => {
    event.preventDefault();
    const text = draft.trim();
    if (!session || !text) return;
    setDraft("");
    api.message(session.conversation, text, session.token).catch(() => {
      setDraft(text);
      setProblem(t("error.message"));
    });
  };

  return (
    <div className={`caller ${state === "idle" ? "is-idle" : "is-call"}`}>
      <header className="bar">
        <Brand />
        <span className="grow" />
        <LanguageSwitch />
      </header>
      <audio ref={player} autoPlay />
      {state === "idle" ? (
        <main className="hero">
          <h1>{t("caller.title")}</h1>
          <p className="lead">{t("caller.lead")}</p>
          <button type="button" className="call" onClick={() => void begin()}>
            <Icon name="phone" size={30} />
            <span>{t("caller.call")}</span>
          </button>
          {problem && <p className="alert" role="alert"><Icon name="warn" /> {problem}</p>}
          <label className="check">
            <input type="checkbox" checked={camera} onChange={(event) => setCamera(event.target.checked)} />
            <span>
              {t("caller.camera")}
              <small>{t("caller.cameraHint")}</small>
            </span>
          </label>
          <p className="consent"><Icon name="shield" size={18} /> <span>{t("caller.consent")}</span></p>
        </main>
      ) : (
        <main className="talk">
          <section className="panel">
            <div className={`state phase-${live ? picture.phase.name : "ended"}`} role="status">
              <span className="pulse" aria-hidden="true" />
              <span>{stateText(state, picture.phase, t as Translate)}</span>
              {live && startedAt !== null && <time>{clock(elapsed)}</time>}
            </div>
            {live && link === "lost" && <p className="alert">{t("error.lost")}</p>}
            {problem && <p className="alert" role="alert"><Icon name="warn" /> {problem}</p>}
            {keypad && live && <Keypad onKey={press} />}
            <div className="controls">
              {live ? (
                <>
                  <button
                    type="button"
                    className="round"
                    aria-pressed={muted}
                    onClick={() => {
                      call.current?.mute(!muted);
                      setMuted(!muted);
                    }}
                  >
                    <Icon name={muted ? "micOff" : "mic"} size={24} />
                    <span>{muted ? t("caller.unmute") : t("caller.mute")}</span>
                  </button>
                  <button type="button" className="round" aria-pressed={keypad} onClick={() => setKeypad(!keypad)}>
                    <Icon name="keypad" size={24} />
                    <span>{t("caller.keypad")}</span>
                  </button>
                  <button type="button" className="round end" onClick={hangUp}>
                    <Icon name="hangup" size={24} />
                    <span>{t("caller.hangup")}</span>
                  </button>
                </>
              ) : (
                <button type="button" className="primary wide" onClick={() => void begin()}>
                  <Icon name="phone" /> {t("caller.again")}
                </button>
              )}
            </div>
          </section>
          <section className="captions" aria-label={t("caller.captions")}>
            <Transcript
              lines={picture.lines}
              empty={t("caller.captionsEmpty")}
              mine="customer"
              names={{
                customer: t("caller.you"),
                bot: t("caller.assistant"),
                agent: picture.phase.name === "agent" ? picture.phase.agent : t("caller.agent"),
              }}
            />
            {live && (
              <form className="composer" onSubmit={send}>
                <input
                  value={draft}
                  maxLength={2000}
                  placeholder={t("caller.placeholder")}
                  aria-label={t("caller.placeholder")}
                  onChange={(event) => setDraft(event.target.value)}
                />
                <button type="submit" className="primary" disabled={!session || !draft.trim()} aria-label={t("caller.send")}>
                  <Icon name="send" />
                </button>
              </form>
            )}
          </section>
        </main>
      )}
    </div>
  );
}
