/** A conversation that goes on, or has just ended: how it stands, the controls of the call, and the timeline. */

import { ActionIcon, Alert, Button, Group, Menu, Paper, Text, UnstyledButton } from "@mantine/core";
import {
  IconAdjustments, IconCamera, IconDialpad, IconMicrophone, IconMicrophoneOff, IconPhone, IconPhoneOff, IconVideo, IconVideoOff, IconVolume,
} from "@tabler/icons-react";
import { useEffect, useRef, useState, type ComponentType, type DragEvent } from "react";
import { useTranslation } from "react-i18next";
import { picturesOf } from "../lib/images";
import { clock } from "../lib/format";
import { useTimer } from "../lib/useTimer";
import { Keypad } from "../parts/Keypad";
import css from "./caller.module.css";
import { Composer } from "./Composer";
import { Problem } from "./Problem";
import { Comforts } from "./Start";
import { standing } from "./standing";
import { Timeline } from "./Timeline";
import type { Caller } from "./useCaller";
import { useUploads } from "./useUploads";

export function Talk({ caller }: { caller: Caller }) {
  const { t } = useTranslation("caller");
  const [keypad, setKeypad] = useState(false);
  const [over, setOver] = useState(false);
  const { kept, picture, call } = caller;
  const uploads = useUploads(kept, picture.wanted, picture.lines);
  const live = call === "connecting" || call === "up" || call === "unstable" || caller.returning;
  const elapsed = useTimer(live ? (kept?.since ?? null) : null);
  const state = standing({ call, returning: caller.returning, open: caller.open, phase: picture.phase });

  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (kept) uploads.add(picturesOf(event.dataTransfer.files));
  };

  return (
    <main
      className={css["talk"]}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setOver(false)}
      onDrop={drop}
    >
      <section className={css["panel"]} aria-label={t("caller.controls")}>
        <div className={css["state"]} data-phase={caller.open ? picture.phase.name : "ended"}>
          <span className={css["pulse"]} aria-hidden="true" />
          <span role="status">{t(state.key, state.values)}</span>
          {live && kept?.since && <time>{clock(elapsed)}</time>}
          <Menu position="bottom-end" closeOnItemClick={false} withinPortal={false} width={300}>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("comfort.title")} ml={live && kept?.since ? 0 : "auto"}>
                <IconAdjustments size={20} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown p="md">
              <Comforts />
            </Menu.Dropdown>
          </Menu>
        </div>
        {caller.open && caller.lost && <Alert color="yellow" p="xs">{t("error.lost")}</Alert>}
        <Problem caller={caller} />
        {live && <Heard caller={caller} />}
        {caller.silent && live && (
          <Button leftSection={<IconVolume size={18} aria-hidden />} onClick={caller.unsilence}>{t("caller.unsilence")}</Button>
        )}
        {caller.open && picture.wanted && (
          <Alert color="blue" icon={<IconCamera aria-hidden />} p="sm">{t("upload.wanted")}</Alert>
        )}
        {caller.shown && <SelfView stream={caller.shown} label={t("caller.selfView")} />}
        {keypad && live && <Keypad onKey={caller.press} />}
        {live ? (
          <div className={css["controls"]}>
            <Round
              mark={caller.muted ? IconMicrophoneOff : IconMicrophone}
              label={caller.muted ? t("caller.unmute") : t("caller.mute")}
              on={caller.muted}
              onClick={() => caller.mute(!caller.muted)}
            />
            <Round
              mark={caller.shown ? IconVideo : IconVideoOff}
              label={caller.shown ? t("caller.cameraOff") : t("caller.cameraOn")}
              on={caller.shown !== null}
              onClick={() => caller.useCamera(caller.shown === null)}
            />
            <Round mark={IconDialpad} label={t("caller.keypad")} on={keypad} onClick={() => setKeypad(!keypad)} />
            <Round mark={IconPhoneOff} label={t("caller.hangup")} kind="end" onClick={caller.hangUp} />
          </div>
        ) : caller.open ? (
          <Group gap="xs" grow preventGrowOverflow={false}>
            <Button size="md" leftSection={<IconPhone size={20} aria-hidden />} onClick={() => void caller.begin(false)}>{t("caller.callToo")}</Button>
            <Button size="md" variant="default" onClick={caller.leave}>{t("caller.leave")}</Button>
          </Group>
        ) : (
          <Group gap="xs" grow preventGrowOverflow={false}>
            <Button size="md" leftSection={<IconPhone size={20} aria-hidden />} onClick={() => void caller.begin(false)}>{t("caller.again")}</Button>
            <Button size="md" variant="default" onClick={caller.leave}>{t("caller.toStart")}</Button>
          </Group>
        )}
      </section>
      <Paper component="section" withBorder className={css["conversation"]!} aria-label={t("caller.conversation")}>
        {kept ? <Timeline picture={picture} kept={kept} /> : <div className={css["timeline"]} />}
        {!caller.open && kept && <Text c="dimmed" ta="center" p="sm" pb={0} fz="sm">{t("caller.over")}</Text>}
        {kept && <Composer uploads={uploads} onText={caller.send} onProblem={() => undefined} />}
        {over && <div className={css["dropHere"]}>{t("upload.drop")}</div>}
      </Paper>
    </main>
  );
}

/** Whose microphone is heard, when it is not the one that they began with. */
function Heard({ caller }: { caller: Caller }) {
  const { t } = useTranslation("caller");
  const { state, label } = caller.voice;
  if (state === "own") return null;
  const lost = state === "lost";
  return (
    <Alert role={lost ? "alert" : "status"} color={lost ? "red" : "yellow"} p="xs" icon={lost ? <IconMicrophoneOff aria-hidden /> : <IconMicrophone aria-hidden />}>
      {lost ? t("microphone.lost") : t("microphone.other", { label })}
      {lost && <Group mt="xs"><Button size="xs" variant="default" onClick={caller.useMicrophone}>{t("microphone.again")}</Button></Group>}
    </Alert>
  );
}

type RoundProps = { mark: ComponentType<{ size?: number; "aria-hidden"?: boolean }>; label: string; on?: boolean; kind?: "end"; onClick: () => void };

function Round({ mark: Mark, label, on, kind, onClick }: RoundProps) {
  return (
    <UnstyledButton className={css["round"]!} data-kind={kind} aria-pressed={on} onClick={onClick}>
      <i><Mark size={26} aria-hidden /></i>
      <span>{label}</span>
    </UnstyledButton>
  );
}

function SelfView({ stream, label }: { stream: MediaStream; label: string }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  return <video ref={video} className={css["selfView"]} autoPlay muted playsInline aria-label={label} />;
}
