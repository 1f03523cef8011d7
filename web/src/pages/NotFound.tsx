import { Button, Center, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { PageBar } from "../parts/PageBar";

export default function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <>
      <PageBar />
      <Center component="main" p="md" mih="75dvh">
        <Stack align="center" gap="md">
          <Title order={1}>404</Title>
          <Text c="dimmed" fz="lg">{t("app.notFound")}</Text>
          <Button component={Link} to="/" variant="light">{t("app.home")}</Button>
        </Stack>
      </Center>
    </>
  );
}
