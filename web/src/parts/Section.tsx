/** A card with a small heading. */

import { Paper, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper component="section" withBorder p="md" miw={0}>
      <Stack gap="sm">
        <Title order={2} fz="sm" c="dimmed" fw={650}>{title}</Title>
        {children}
      </Stack>
    </Paper>
  );
}
