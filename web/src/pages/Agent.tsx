/** The agent's workplace: availability, the ringing offer, the call, the words, the wrap-up. */

import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ApiError, type User } from "../api";
import { agentApi, type Availability } from "../api/agent";
import { followEvents } from "../events";
import { CallError, startCall, type BrowserCall } from "../lib/call";
import { NOISE } from "../lib/describe";
import { clock } from "../lib/format";
import { ring } from "../lib/ring";
import { useConversation } from "../lib/useConversation";
import { useLeaveGuard } from "../lib/useLeaveGuard";
import { useTimer } from "../lib/useTimer";
import { CustomerCard } from "../parts/CustomerCard";
import { DeskShell } from "../parts/DeskShell";
import { Icon } from "../parts/Icon";
import { Notes } from "../parts/Notes";
import { StopTone } from "../parts/StopTone";
import { Transcript } from "../parts/Transcript";
import { WrapUp } from "../parts/WrapUp";

const CHOICES: Availability[] = ["available", "break", "offline"];
const MINE = /^(agent\.|queue\.|contact\.ended|hold|leg\.)/;

export default function AgentPage() {
  return <DeskShell>{(user) => <Workplace user={user} />}</DeskShell>;
}

function Workplace({ user }: { user: User }) {
  const { t } = useTranslation(["desk", "history"]);
  const player = useRef<HTMLAudioElement>(null);
  const call = useRef<BrowserCall | null>(null);
  const [state, setState] = useState<Awaited<ReturnType<typeof agentApi.agent>> | null>(null);
  const [problem, setProblem] = useState("");
  const [muted, setMuted] = useState(false);
  const [since, setSince] = useState<number | null>(null);
  const { picture } = useConversation(state?.conversation_id ?? state?.offer?.conversation_id ?? null);
  const elapsed = useTimer(since);

  const tell = useCallback(
    (error: unknown) => {
      if (error instanceof CallError) setProblem(t(`error.${error.failure}`));
      else setProblem(error instanceof ApiError && error.status ? t("error.generic", { detail: error.message }) : t("error.network"));
    },
    [t],
  );
  const refresh = useCallback(() => agentApi.agent().then(setState, tell), [tell]);

  // Every event that may concern me makes the page ask the server how things are: one truth, also after a reload.
  useEffect(() => {
    let pending: number | undefined;
    const soon = () => {
      window.clearTimeout(pending);
      pending = window.setTimeout(() => void refresh(), 60);
    };
    const stop = followEvents({ live: true, onEvent: (event) => MINE.test(event.type) && soon(), onState: (link) => link === "open" && soon() });
    return () => {
      stop();
      window.clearTimeout(pending);
    };
  }, [refresh]);

  const status = state?.status ?? "offline";
  const talking = status === "interacting";
  const offer = status === "offered" ? (state?.offer ?? null) : null;
  const onPhone = state !== null && state.device !== "browser";

  useEffect(() => {
    setSince(talking || status === "acw" ? Date.now() : null);
    if (!talking && status !== "offered") {
      call.current?.close();
      call.current = null;
      setMuted(false);
    }
  }, [status, talking]);
  useLeaveGuard(talking && !onPhone);
  useEffect(() => () => call.current?.close(), []);
  useEffect(() => (offer && !onPhone ? ring() : undefined), [offer?.offer_id, onPhone]); // eslint-disable-line

  const act = (work: Promise<unknown>) => {
    setProblem("");
    work.catch(tell).finally(() => void refresh());
  };
  const accept = async () => {
    if (!offer) return;
    call.current = await startCall({
      video: false,
      iceServers: await api.iceServers(),
      player: player.current!,
      exchange: async (sdp) => (await agentApi.accept(offer.offer_id, sdp)).sdp,
      onState: () => undefined,
    });
  };
  const held = picture.phase.name === "agent" && picture.phase.held;
  const commands: Record<string, (() => void) | false> = {
    KeyA: offer !== null && !onPhone && (() => act(accept())),
    KeyD: offer !== null && (() => act(agentApi.decline(offer.offer_id))),
    KeyH: talking && (() => act(agentApi.hold(!held))),
    KeyM: talking && (() => toggleMute()),
    KeyE: talking && (() => act(agentApi.hangup())),
  };
  const toggleMute = () => {
    call.current?.mute(!muted);
    setMuted(!muted);
    act(agentApi.mute(!muted));
  };
  const current = useRef(commands);
  current.current = commands;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const command = event.altKey && !event.ctrlKey && !event.metaKey ? current.current[event.code] : undefined;
      if (command) {
        event.preventDefault();
        command();
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);

  if (state === null) return <p className="empty">{problem || t("app.loading")}</p>;
  const shown = state.conversation_id !== null || offer !== null;
  return (
    <div className="workplace">
      <audio ref={player} autoPlay />
      <aside className="side">
        <section className="card presence">
          <div className="segments" role="radiogroup" aria-label={t("agent.availability")}>
            {CHOICES.map((choice) => (
              <button
                key={choice}
                type="button"
                role="radio"
                aria-checked={state.availability === choice}
                className={`is-${choice}`}
                onClick={() => act(agentApi.availability(choice))}
              >
                <i aria-hidden="true" /> {t(`agent.${choice}`)}
              </button>
            ))}
          </div>
          <p className={`status is-${status}`} role="status">
            {t(`agent.status.${state.availability === "offline" && status === "idle" ? "offline" : status}`)}
            {since !== null && <time>{clock(elapsed)}</time>}
          </p>
        </section>
        {problem && <p className="alert" role="alert"><Icon name="warn" /> {problem}</p>}
        {offer && (
          <section className="card incoming" role="alertdialog" aria-live="assertive" aria-label={t("agent.incoming")}>
            <h2><span className="bell" aria-hidden="true"><Icon name="phone" /></span> {t("agent.incoming")}</h2>
            <dl>
              <dt>{t("agent.queue")}</dt>
              <dd>{offer.queue}</dd>
              {offer.reason && <><dt>{t("agent.reason")}</dt><dd className="reason">{offer.reason}</dd></>}
            </dl>
            {onPhone ? (
              <p className="hint">{t("agent.softphone")}</p>
            ) : (
              <div className="pair">
                <button type="button" className="accept" onClick={() => act(accept())}>
                  <Icon name="phone" /> {t("agent.accept")} <kbd>Alt A</kbd>
                </button>
                <button type="button" className="decline" onClick={() => act(agentApi.decline(offer.offer_id))}>
                  <Icon name="hangup" /> {t("agent.decline")} <kbd>Alt D</kbd>
                </button>
              </div>
            )}
          </section>
        )}
        {status === "acw" && state.conversation_id && (
          <WrapUp key={state.conversation_id} onFinish={(disposition, notes) => act(agentApi.wrapup(disposition, notes))} />
        )}
        {shown && <CustomerCard picture={picture} />}
        {onPhone && !offer && <p className="hint">{t("agent.softphone")}</p>}
      </aside>
      {shown ? (
        <>
          <section className="centre card">
            {talking && (
              <div className={`callbar${held ? " is-held" : ""}`}>
                <strong>{held ? t("agent.onHold") : t("agent.status.interacting")}</strong>
                <time>{clock(elapsed)}</time>
                <span className="grow" />
                <button type="button" aria-pressed={held} onClick={() => act(agentApi.hold(!held))} title="Alt+H">
                  <Icon name={held ? "play" : "pause"} /> {held ? t("agent.resume") : t("agent.hold")}
                </button>
                <button type="button" aria-pressed={muted} onClick={toggleMute} title="Alt+M">
                  <Icon name={muted ? "micOff" : "mic"} /> {muted ? t("agent.unmute") : t("agent.mute")}
                </button>
                <button type="button" className="end" onClick={() => act(agentApi.hangup())} title="Alt+E">
                  <Icon name="hangup" /> {t("agent.end")}
                </button>
              </div>
            )}
            <div className="titled">
              <h2>{t("agent.transcript")}</h2>
              <span className="grow" />
              <StopTone id={state.conversation_id ?? offer?.conversation_id ?? ""} picture={picture} />
            </div>
            <Transcript
              lines={picture.lines}
              empty={t("agent.transcriptEmpty")}
              mine="agent"
              detail
              names={{ customer: t("who.customer"), bot: t("who.bot"), agent: user.display_name || user.name }}
            />
          </section>
          <aside className="card history">
            <h2>{t("agent.history")}</h2>
            <Notes notes={picture.notes.filter((note) => !NOISE.has(note.type))} />
          </aside>
        </>
      ) : (
        <section className="centre card nothing">
          <Icon name="phone" size={40} />
          <h2>{t("agent.waiting")}</h2>
          <p>{t(state.availability === "available" ? "agent.waitingHint" : "agent.offlineHint")}</p>
        </section>
      )}
    </div>
  );
}
