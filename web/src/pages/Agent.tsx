/** The agent's workplace. */

import { Center, Loader, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Navigate } from "react-router";
import "../theme/desk";
import type { User } from "../api";
import { DeskContext } from "../desk/DeskContext";
import { Desktop } from "../desk/Desktop";
import { useDeskState } from "../desk/useDeskState";
import { useMe } from "../lib/useMe";

export default function AgentPage() {
  const { user, failed } = useMe();
  if (user && !user.roles.includes("agent")) return <Navigate to="/conversations" replace />; // no workplace of their own
  if (user) return <Workplace user={user} />;
  return <Waiting problem={failed ? "error.network" : ""} />;
}

function Workplace({ user }: { user: User }) {
  const desk = useDeskState(user);
  if (desk.view === null) return <Waiting problem={desk.problem} />;
  return (
    <DeskContext value={desk}>
      <Desktop />
    </DeskContext>
  );
}

function Waiting({ problem }: { problem: string }) {
  const { t } = useTranslation("desk");
  return <Center h="100dvh">{problem ? <Text role="alert">{t(problem, { defaultValue: problem })}</Text> : <Loader aria-label={t("app.loading")} />}</Center>;
}
