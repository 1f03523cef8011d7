import { Alert, Anchor, Badge, Button, Group, Paper, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { IconAlertTriangle, IconMessages, IconSearch } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, type ConversationSummary } from "../api";
import { clock, languageName, moment } from "../lib/format";
import { DeskShell } from "../parts/DeskShell";

const PAGE = 50;

/** What became of it, as a colour beside the word. */
export const STATUS_COLOURS: Record<string, string> = { open: "green", abandoned: "yellow" };

export default function ConversationsPage() {
  return <DeskShell>{() => <List />}</DeskShell>;
}

function List() {
  const { t, i18n } = useTranslation("history");
  const [query, setQuery] = useState("");
  const [rows, setRows] = useState<ConversationSummary[] | null>(null);
  const [more, setMore] = useState(false);
  const [failed, setFailed] = useState(false);

  const load = useCallback(async (search: string, before?: string) => {
    try {
      const page = await api.conversations(search, before);
      setRows((old) => (before && old ? [...old, ...page] : page));
      setMore(page.length === PAGE);
      setFailed(false);
    } catch {
      setFailed(true);
    }
  }, []);
  useEffect(() => {
    const timer = window.setTimeout(() => void load(query.trim()), query ? 250 : 0);
    return () => window.clearTimeout(timer);
  }, [query, load]);

  return (
    <Stack maw={1280} mx="auto">
      <Group justify="space-between">
        <Title order={1} fz="1.35rem">{t("list.title")}</Title>
        <TextInput
          type="search"
          value={query}
          placeholder={t("list.search")}
          aria-label={t("list.search")}
          leftSection={<IconSearch size={18} aria-hidden />}
          w={{ base: "100%", sm: 340 }}
          onChange={(event) => setQuery(event.currentTarget.value)}
        />
      </Group>
      {failed && <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />}>{t("error.network")}</Alert>}
      {rows === null && !failed && <Text c="dimmed">{t("app.loading")}</Text>}
      {rows?.length === 0 && (
        <Paper withBorder p="xl">
          <Stack align="center" gap="xs">
            <IconMessages size={40} aria-hidden />
            <Title order={2} fz="lg">{query ? t("list.emptySearch") : t("list.empty")}</Title>
            {!query && (
              <Text c="dimmed" ta="center">
                {t("list.emptyHint")} <Anchor component={Link} to="/">{t("list.callPage")}</Anchor>
              </Text>
            )}
          </Stack>
        </Paper>
      )}
      {rows !== null && rows.length > 0 && (
        <Paper withBorder>
          <Table.ScrollContainer minWidth={320} type="native">
            <Table highlightOnHover verticalSpacing="sm" horizontalSpacing="md">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("list.started")}</Table.Th>
                  <Table.Th>{t("list.subject")}</Table.Th>
                  <Table.Th visibleFrom="sm">{t("list.language")}</Table.Th>
                  <Table.Th visibleFrom="sm">{t("list.length")}</Table.Th>
                  <Table.Th>{t("list.status")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row) => (
                  <Table.Tr key={row.conversation_id}>
                    <Table.Td>
                      <Anchor component={Link} to={`/conversations/${row.conversation_id}`}>{moment(row.opened_at, i18n.language)}</Anchor>
                    </Table.Td>
                    <Table.Td>{row.subject || t("list.noSubject")}</Table.Td>
                    <Table.Td visibleFrom="sm">{row.language && languageName(row.language, i18n.language)}</Table.Td>
                    <Table.Td visibleFrom="sm" style={{ fontVariantNumeric: "tabular-nums" }}>
                      {row.closed_at ? clock(Date.parse(row.closed_at) - Date.parse(row.opened_at)) : "–"}
                    </Table.Td>
                    <Table.Td><Status status={row.status} /></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      {more && rows && (
        <Button variant="default" onClick={() => void load(query.trim(), rows.at(-1)?.opened_at)}>
          {t("list.more")}
        </Button>
      )}
    </Stack>
  );
}

export function Status({ status }: { status: string }) {
  const { t } = useTranslation("history");
  return (
    <Badge variant="light" tt="none" fw={600} miw="max-content" color={STATUS_COLOURS[status] ?? "gray"} c="var(--wl-ink)">
      {t(`list.${status}`, { defaultValue: status })}
    </Badge>
  );
}
