/** The caller asked staff to stop: one click ends the analysis of their tone and deletes what it found. */

import { Alert, Button, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api";
import type { Picture } from "../lib/transcript";

export function StopTone({ id, picture }: { id: string; picture: Picture }) {
  const { t } = useTranslation();
  const [failure, setFailure] = useState(false);
  const withdrawn = picture.notes.some(
    (note) => note.type === "consent.withdrawn" && (note.payload["purposes"] as string[]).includes("emotion"),
  );
  if (picture.consents["emotion"] !== true) return withdrawn ? <Text c="dimmed" fz="sm">{t("affect.stopped")}</Text> : null;
  return (
    <>
      <Button variant="default" size="compact-sm" w="fit-content" onClick={() => void api.stopTone(id).catch(() => setFailure(true))}>
        {t("affect.stop")}
      </Button>
      {failure && <Alert role="alert" color="red">{t("error.network")}</Alert>}
    </>
  );
}
