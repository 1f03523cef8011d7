/** A part that fails to draw fails alone: a call beside it goes on. */

import { Button, Text } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

export class Guarded extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Failed onRetry={() => this.setState({ failed: false })} /> : this.props.children;
  }
}

function Failed({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <Text component="div" role="alert" p="md">
      {t("error.drawing")} <Button size="compact-sm" variant="default" onClick={onRetry}>{t("error.again")}</Button>
    </Text>
  );
}
