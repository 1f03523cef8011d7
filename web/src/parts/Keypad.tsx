/** Twelve keys; the number keys of the keyboard work too while it is open. */

import { Button, SimpleGrid } from "@mantine/core";
import { useEffect } from "react";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export function Keypad({ onKey }: { onKey: (digit: string) => void }) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (KEYS.includes(event.key) && !/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) onKey(event.key);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [onKey]);
  return (
    <SimpleGrid cols={3} spacing="xs" maw={280} mx="auto" w="100%">
      {KEYS.map((key) => (
        <Button key={key} variant="default" size="lg" fz="1.3rem" onClick={() => onKey(key)}>
          {key}
        </Button>
      ))}
    </SimpleGrid>
  );
}
