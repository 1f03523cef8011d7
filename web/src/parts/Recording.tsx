/** The recording: waveform and player. `seek` jumps when its `nonce` changes. */

import { ActionIcon, Alert, Group, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { clock } from "../lib/format";
import css from "./parts.module.css";
import { Waveform } from "./Waveform";

export function Recording({ url, seek }: { url: string; seek: { ms: number; nonce: number } | null }) {
  const { t } = useTranslation("history");
  const audio = useRef<HTMLAudioElement>(null);
  const [buffer, setBuffer] = useState<AudioBuffer | null>(null);
  const [failed, setFailed] = useState(false);
  const [playing, setPlaying] = useState(false);
  const [position, setPosition] = useState(0);

  useEffect(() => {
    let gone = false;
    const context = new AudioContext();
    fetch(url, { credentials: "same-origin" })
      .then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error(String(response.status)))))
      .then((bytes) => context.decodeAudioData(bytes))
      .then((decoded) => !gone && setBuffer(decoded))
      .catch(() => !gone && setFailed(true))
      .finally(() => void context.close());
    return () => {
      gone = true;
    };
  }, [url]);
  const go = (seconds: number) => {
    if (!audio.current) return;
    audio.current.currentTime = seconds;
    setPosition(seconds);
  };
  useEffect(() => {
    if (!seek) return;
    go(seek.ms / 1000);
    void audio.current?.play().catch(() => undefined);
  }, [seek]);

  if (failed) return <Alert color="red">{t("conversation.recordingFailed")}</Alert>;
  return (
    <div>
      <audio
        ref={audio}
        src={url}
        preload="auto"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onTimeUpdate={(event) => setPosition(event.currentTarget.currentTime)}
      />
      {buffer ? (
        <Waveform buffer={buffer} position={position} names={[t("conversation.caller"), t("conversation.heard")]} onSeek={go} />
      ) : (
        <div className={`${css["waveform"]} ${css["loading"]}`} />
      )}
      <Group gap="sm" mt="sm">
        <ActionIcon
          size={44}
          radius="xl"
          onClick={() => (playing ? audio.current?.pause() : void audio.current?.play())}
          aria-label={playing ? t("conversation.pause") : t("conversation.play")}
        >
          {playing ? <IconPlayerPause size={22} aria-hidden /> : <IconPlayerPlay size={22} aria-hidden />}
        </ActionIcon>
        <Text component="span" style={{ fontVariantNumeric: "tabular-nums" }}>
          {clock(position * 1000)} / {clock((buffer?.duration ?? 0) * 1000)}
        </Text>
      </Group>
    </div>
  );
}
