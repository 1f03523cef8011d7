import { Alert, Button, Center, Paper, PasswordInput, Stack, TextInput, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { api, ApiError } from "../api";
import { PageBar } from "../parts/PageBar";

export default function LoginPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const from = useLocation().state as { to?: string } | null;
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const user = await api.login(name.trim(), password);
      await navigate(from?.to ?? (user.device ? "/agent" : "/conversations"), { replace: true });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0) setProblem(t("error.network"));
      else if (error.status === 429) setProblem(t("error.tries", { seconds: error.retryAfter ?? 60 }));
      else setProblem(error.status === 401 ? t("error.login") : t("error.generic", { detail: error.message }));
      setBusy(false);
    }
  };

  return (
    <>
      <PageBar />
      <Center component="main" p="md" mih="75dvh">
        <Paper component="form" withBorder shadow="sm" p="lg" w="100%" maw={400} onSubmit={(event) => void submit(event)}>
          <Stack>
            <Title order={1} fz="1.4rem">{t("login.title")}</Title>
            <TextInput
              label={t("login.name")}
              size="md"
              value={name}
              autoComplete="username"
              autoFocus
              required
              withAsterisk={false}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <PasswordInput
              label={t("login.password")}
              size="md"
              value={password}
              autoComplete="current-password"
              required
              withAsterisk={false}
              visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            {problem && <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />}>{problem}</Alert>}
            <Button type="submit" size="md" fullWidth loading={busy}>
              {t("login.submit")}
            </Button>
          </Stack>
        </Paper>
      </Center>
    </>
  );
}
