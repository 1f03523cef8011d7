/** The customer asked staff to stop: one click ends the analysis of their tone and deletes what it found. */

import { ActionIcon } from "@mantine/core";
import { IconEarOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api } from "../api";
import type { Picture } from "../lib/transcript";
import { useDesk } from "./DeskContext";

export function StopTone({ id, picture }: { id: string; picture: Picture }) {
  const { t } = useTranslation("desk");
  const { act } = useDesk();
  if (picture.consents["emotion"] !== true) return null;
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={t("affect.stop")} title={t("affect.stop")} onClick={() => void act(api.stopTone(id))}>
      <IconEarOff size={18} aria-hidden />
    </ActionIcon>
  );
}
