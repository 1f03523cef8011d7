/** The keyboard map, readable and changeable: click on the keys, press others. */

import { Button, Group, Kbd, Modal, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./desk.module.css";
import { useUi } from "./DeskUi";
import { Keys } from "./Keys";
import { combination, COMMANDS, DEFAULTS, refusal, type Command } from "./keymap";

export function KeysDialog() {
  const { t } = useTranslation("desk");
  const { keymap, setKeymap, open } = useUi();
  const [asking, setAsking] = useState<Command | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (!asking) return undefined;
    const press = (event: KeyboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") return setAsking(null);
      const combo = combination(event);
      if (!combo) return;
      const why = refusal(keymap, asking, combo);
      if (why === null) {
        setKeymap({ ...keymap, [asking]: combo });
        setAsking(null);
        setProblem("");
      } else setProblem(typeof why === "string" ? t(`keys.refused.${why}`) : t("keys.taken", { command: t(`command.${why.taken}`) }));
    };
    window.addEventListener("keydown", press, true);
    return () => window.removeEventListener("keydown", press, true);
  }, [asking, keymap, setKeymap, t]);
  return (
    <Modal opened onClose={() => open(null)} title={t("keys.title")} closeButtonProps={{ "aria-label": t("do.close") }} closeOnEscape={!asking} size="lg">
      <Text size="sm" c="dimmed" mb={8}>{t("keys.hint")}</Text>
      <Text size="sm" className={css.late} role="alert">{problem}</Text>
      <table className={css.keys}>
        <tbody>
          {COMMANDS.map((command) => (
            <tr key={command}>
              <td>{t(`command.${command}`)}</td>
              <td style={{ textAlign: "right" }}>
                <Button variant="subtle" color="gray" size="compact-sm" aria-label={t("keys.change", { command: t(`command.${command}`) })} onClick={() => (setAsking(command), setProblem(""))}>
                  {asking === command ? t("keys.press") : <Kbd><Keys combo={keymap[command]} /></Kbd>}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Group mt={12} justify="flex-end">
        <Button variant="default" onClick={() => setKeymap({ ...DEFAULTS })}>{t("keys.reset")}</Button>
      </Group>
    </Modal>
  );
}
