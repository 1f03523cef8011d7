/** The bar on top of a page that needs no account. */

import { Group } from "@mantine/core";
import type { ReactNode } from "react";
import { Brand } from "./Brand";
import { LanguageSwitch } from "./LanguageSwitch";
import { SchemeSwitch } from "./SchemeSwitch";

export function PageBar({ children }: { children?: ReactNode }) {
  return (
    <Group component="header" px="md" py="xs" gap="xs" wrap="nowrap" justify="space-between">
      <Brand />
      <Group gap={4} wrap="nowrap">
        {children}
        <LanguageSwitch />
        <SchemeSwitch />
      </Group>
    </Group>
  );
}
