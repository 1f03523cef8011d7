/** One conversation, whole: heard, read, and why it went as it went. */

import { Alert, Anchor, Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconChevronLeft } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, ApiError, type Conversation } from "../api";
import { moment } from "../lib/format";
import { useConversation } from "../lib/useConversation";
import { DeskShell } from "../parts/DeskShell";
import { EmotionCurve } from "../parts/EmotionCurve";
import { LedgerTable } from "../parts/LedgerTable";
import { Notes } from "../parts/Notes";
import { Recording } from "../parts/Recording";
import { Section } from "../parts/Section";
import { StopTone } from "../parts/StopTone";
import { Transcript } from "../parts/Transcript";
import { Status } from "./Conversations";

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
    api.conversation(id, { limit: 1 }).then(setView, (error: unknown) => {
      setFailure(error instanceof ApiError && error.status ? t("error.gone") : t("error.network"));
    });
  }, [id, t, picture.phase.name, recordings]);

  if (failure) return <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />}>{failure}</Alert>;
  if (!view) return <Text c="dimmed">{t("app.loading")}</Text>;
  const { conversation, participants } = view;
  const recorded = view.recordings.length > 0;
  const jump = (ms: number) => setSeek({ ms, nonce: Date.now() });
  const decisions = picture.notes.filter((note) => note.type === "decision");
  const answered = picture.notes.findLast((note) => note.type === "queue.accepted")?.payload["agent"];
  const agent = typeof answered === "string" ? answered : undefined;
  const legs = view.legs.filter((leg) => leg.stats);
  return (
    <Stack maw={1280} mx="auto">
      <Group justify="space-between">
        <div>
          <Anchor component={Link} to="/conversations" fz="sm">
            <Group component="span" gap={2}><IconChevronLeft size={16} aria-hidden /> {t("conversation.back")}</Group>
          </Anchor>
          <Title order={1} fz="1.35rem">{conversation.subject || t("list.noSubject")} · {moment(conversation.opened_at, i18n.language)}</Title>
        </div>
        <Status status={conversation.status} />
      </Group>
      <Section title={t("conversation.recording")}>
        {recorded ? <Recording url={api.recordingUrl(id)} seek={seek} /> : <Text c="dimmed">{t("conversation.noRecording")}</Text>}
      </Section>
      <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
        <Section title={t("conversation.transcript")}>
          <Transcript
            conversation={id}
            lines={picture.lines}
            empty={t("conversation.transcriptEmpty")}
            onSeek={recorded ? jump : undefined}
            names={{ customer: t("who.customer"), bot: t("who.bot"), agent: agent ?? t("who.agent") }}
          />
        </Section>
        <Stack miw={0}>
          <Section title={t("conversation.emotion")}>
            <EmotionCurve lines={picture.lines} length_ms={0} onSeek={jump} />
            <Text c="dimmed" fz="sm">{t("conversation.emotionHint")}</Text>
            <StopTone id={id} picture={picture} />
          </Section>
          {picture.turns.length > 0 && (
            <Section title={t("conversation.latency")}>
              <LedgerTable turns={picture.turns} />
            </Section>
          )}
          {decisions.length > 0 && (
            <Section title={t("conversation.decisions")}>
              <Notes notes={decisions} />
            </Section>
          )}
          <Section title={t("conversation.timeline")}>
            <Notes notes={picture.notes.filter((note) => note.type !== "decision" && note.type !== "bridge")} />
          </Section>
          {legs.length > 0 && (
            <Section title={t("conversation.legs")}>
              <Table fz="sm" withRowBorders={false} horizontalSpacing="xs" verticalSpacing={4}>
                <Table.Tbody>
                  {legs.map((leg) => (
                    <Table.Tr key={leg.id}>
                      <Table.Td>{t(`who.${participants.find((one) => one.id === leg.participant_id)?.role ?? "customer"}`, { defaultValue: t("who.customer") })}</Table.Td>
                      <Table.Td>{leg.transport.toUpperCase()}{leg.codec ? ` · ${leg.codec}` : ""}{leg.srtp ? " · SRTP" : ""}</Table.Td>
                      <Table.Td>{t("conversation.packets", { received: leg.stats?.["rx_packets"] ?? 0, lost: leg.stats?.["rx_lost"] ?? 0 })}</Table.Td>
                      <Table.Td visibleFrom="sm">{leg.stats?.["jitter_ms"] ?? 0} ms</Table.Td>
                      <Table.Td>{leg.ended_reason ?? leg.state}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Section>
          )}
        </Stack>
      </SimpleGrid>
    </Stack>
  );
}
