/** Before anything began: call, show, or write; what helps to read and follow; what we ask before we listen closer. */

import { Button, Group, Paper, Stack, Switch, Text, Title, UnstyledButton } from "@mantine/core";
import { IconMessage, IconPhone, IconShieldCheck, IconVideo } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { setComfort, useComfort } from "../lib/comfort";
import css from "./caller.module.css";
import { Problem } from "./Problem";
import type { Caller } from "./useCaller";

export function Start({ caller }: { caller: Caller }) {
  const { t } = useTranslation("caller");
  return (
    <main className={css["start"]}>
      <Stack gap={6} align="center">
        <Title order={1} ta="center" fz="2rem">{t("caller.title")}</Title>
        <Text c="dimmed" ta="center" fz="lg">{t("caller.lead")}</Text>
      </Stack>
      <UnstyledButton className={css["call"]!} onClick={() => void caller.begin(false)}>
        <IconPhone size={34} aria-hidden />
        <span>{t("caller.call")}</span>
      </UnstyledButton>
      <Group grow w="100%" maw={400}>
        <Button variant="default" size="md" leftSection={<IconVideo size={20} aria-hidden />} onClick={() => void caller.begin(true)}>
          {t("caller.video")}
        </Button>
        <Button variant="default" size="md" leftSection={<IconMessage size={20} aria-hidden />} onClick={() => void caller.write()}>
          {t("caller.write")}
        </Button>
      </Group>
      <Problem caller={caller} />
      <Paper withBorder p="md" w="100%" maw={400}>
        <Comforts />
      </Paper>
      <Group gap="xs" wrap="nowrap" align="flex-start" maw={400} c="dimmed">
        <IconShieldCheck size={20} aria-hidden className={css["still"]!} />
        <Text fz="md">{t("caller.consent")}</Text>
      </Group>
    </main>
  );
}

/** Larger type and slower speech. */
export function Comforts() {
  const { t } = useTranslation("caller");
  const { large, slow } = useComfort();
  return (
    <Stack gap="sm">
      <Switch
        checked={large}
        onChange={(event) => setComfort({ large: event.currentTarget.checked })}
        label={t("comfort.large")}
        description={t("comfort.largeHint")}
        size="md"
      />
      <Switch
        checked={slow}
        onChange={(event) => setComfort({ slow: event.currentTarget.checked })}
        label={t("comfort.slow")}
        description={t("comfort.slowHint")}
        size="md"
      />
    </Stack>
  );
}
