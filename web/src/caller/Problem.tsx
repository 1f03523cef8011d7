/** What went wrong, and what to do: nobody is left with a sentence alone. */

import { Alert, Button, Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { problemOf } from "./problem";
import type { Caller } from "./useCaller";

export function Problem({ caller }: { caller: Caller }) {
  const { t } = useTranslation("caller");
  if (caller.problem === null) return null;
  const { key, values, write, retry } = problemOf(caller.problem);
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      w="100%"
      maw={520}
      withCloseButton
      closeButtonLabel={t("app.close")}
      onClose={caller.dismiss}
    >
      {t(key, values)}
      {(write || retry) && !caller.open && (
        <Group gap="xs" mt="sm">
          {retry && <Button size="xs" onClick={() => void caller.begin(false)}>{t("caller.retry")}</Button>}
          {write && <Button size="xs" variant="default" onClick={() => void caller.write()}>{t("caller.write")}</Button>}
        </Group>
      )}
    </Alert>
  );
}
