/** One conversation, whole: heard, read, and why it went as it went. */

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, ApiError, type Conversation } from "../api";
import { moment } from "../lib/format";
import { useConversation } from "../lib/useConversation";
import { DeskShell } from "../parts/DeskShell";
import { EmotionCurve } from "../parts/EmotionCurve";
import { Icon } from "../parts/Icon";
import { LedgerTable } from "../parts/LedgerTable";
import { Notes } from "../parts/Notes";
import { Recording } from "../parts/Recording";
import { StopTone } from "../parts/StopTone";
import { Transcript } from "../parts/Transcript";

export default function ConversationPage() {
  const { id = "" } = useParams();
  return <DeskShell>{() => <Whole key={id} id={id} />}</DeskShell>;
}

function Whole({ id }: { id: string }) {
  const { t, i18n } = useTranslation("history");
  const [view, setView] = useState<Conversation | null>(null);
  const [failure, setFailure] = useState("");
  const [seek, setSeek] = useState<{ ms: number; nonce: number } | null>(null);
  const { picture } = useConversation(view ? id : null);
  const recordings = picture.notes.filter((note) => note.type === "recording").length;

  useEffect(() => {
    api.conversation(id).then(setView, (error: unknown) => {
      setFailure(error instanceof ApiError && error.status ? t("error.gone") : t("error.network"));
    });
  }, [id, t, picture.phase.name, recordings]);

  if (failure) return <p className="alert" role="alert"><Icon name="warn" /> {failure}</p>;
  if (!view) return <p className="empty">{t("app.loading")}</p>;
  const { conversation, participants } = view;
  const recorded = view.recordings.length > 0;
  const jump = (ms: number) => setSeek({ ms, nonce: Date.now() });
  const decisions = picture.notes.filter((note) => note.type === "decision");
  const answered = picture.notes.findLast((note) => note.type === "queue.accepted")?.payload["agent"];
  const agent = typeof answered === "string" ? answered : undefined;
  const legs = view.legs.filter((leg) => leg.stats);
  return (
    <div className="page conversation">
      <div className="heading">
        <div>
          <Link className="back" to="/conversations"><Icon name="back" size={16} /> {t("conversation.back")}</Link>
          <h1>{conversation.subject || t("list.noSubject")} · {moment(conversation.opened_at, i18n.language)}</h1>
        </div>
        <span className={`badge is-${conversation.status}`}>{t(`list.${conversation.status}`, { defaultValue: conversation.status })}</span>
      </div>
      <section className="card">
        <h2>{t("conversation.recording")}</h2>
        {recorded ? <Recording url={api.recordingUrl(id)} seek={seek} /> : <p className="empty">{t("conversation.noRecording")}</p>}
      </section>
      <div className="columns">
        <section className="card">
          <h2>{t("conversation.transcript")}</h2>
          <Transcript
            lines={picture.lines}
            empty={t("conversation.transcriptEmpty")}
            mine="agent"
            detail
            follow={false}
            onSeek={recorded ? jump : undefined}
            names={{ customer: t("who.customer"), bot: t("who.bot"), agent: agent ?? t("who.agent") }}
          />
        </section>
        <div className="stackcol">
          <section className="card">
            <h2>{t("conversation.emotion")}</h2>
            <EmotionCurve lines={picture.lines} length_ms={0} onSeek={jump} />
            <p className="hint">{t("conversation.emotionHint")}</p>
            <StopTone id={id} picture={picture} />
          </section>
          {picture.turns.length > 0 && (
            <section className="card">
              <h2>{t("conversation.latency")}</h2>
              <LedgerTable turns={picture.turns} />
            </section>
          )}
          {decisions.length > 0 && (
            <section className="card">
              <h2>{t("conversation.decisions")}</h2>
              <Notes notes={decisions} />
            </section>
          )}
          <section className="card">
            <h2>{t("conversation.timeline")}</h2>
            <Notes notes={picture.notes.filter((note) => note.type !== "decision" && note.type !== "bridge")} />
          </section>
          {legs.length > 0 && (
            <section className="card">
              <h2>{t("conversation.legs")}</h2>
              <table className="small">
                <tbody>
                  {legs.map((leg) => (
                    <tr key={leg.id}>
                      <td>{t(`who.${participants.find((one) => one.id === leg.participant_id)?.role ?? "customer"}`)}</td>
                      <td>{leg.transport.toUpperCase()}{leg.codec ? ` · ${leg.codec}` : ""}{leg.srtp ? " · SRTP" : ""}</td>
                      <td className="num">{t("conversation.packets", { received: leg.stats?.["rx_packets"] ?? 0, lost: leg.stats?.["rx_lost"] ?? 0 })}</td>
                      <td className="num">{leg.stats?.["jitter_ms"] ?? 0} ms</td>
                      <td>{leg.ended_reason ?? leg.state}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
        </div>
      </div>
    </div>
  );
}
