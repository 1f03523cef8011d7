/** Where my calls arrive, and through which microphone, speaker and ringer. */

import { Button, Group, Modal, NativeSelect, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { mayChangeDevice } from "./actions";
import { makeBell } from "./bell";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import { useUi } from "./DeskUi";
import type { Device } from "./types";

export function DevicesDialog() {
  const { t } = useTranslation("desk");
  const { view, act } = useDesk();
  const { devices, calls, open } = useUi();
  const [device, setDevice] = useState<Device>(view.device);
  const [uri, setUri] = useState(view.uri);
  const list = (found: MediaDeviceInfo[]) => [
    { value: "", label: t("devices.system") },
    ...found.map((one, place) => ({ value: one.deviceId, label: one.label || t("devices.unnamed", { number: place + 1 }) })),
  ];
  const tryRing = () => {
    const bell = makeBell(
      () => devices.chosen.ringer,
      () => document.title,
    );
    bell.strike();
    window.setTimeout(bell.silence, 1500);
  };
  const changed = device !== view.device || (device === "uri" && uri !== view.uri);
  return (
    <Modal opened onClose={() => open(null)} title={t("devices.title")} closeButtonProps={{ "aria-label": t("do.close") }}>
      <Stack gap={12}>
        <div>
          <Text size="sm" fw={500} mb={4} id="device-label">{t("devices.where")}</Text>
          <SegmentedControl
            fullWidth
            aria-labelledby="device-label"
            value={device}
            disabled={!mayChangeDevice(view)}
            onChange={(value) => setDevice(value as Device)}
            data={(["browser", "sip", "uri"] as const).map((one) => ({ value: one, label: t(`devices.kind.${one}`) }))}
          />
          {!mayChangeDevice(view) && <Text size="xs" c="dimmed" mt={4}>{t("devices.notNow")}</Text>}
          {view.device === "sip" && <Text size="xs" c="dimmed" mt={4}>{view.registered ? t("devices.registered") : t("devices.unregistered")}</Text>}
        </div>
        {device === "uri" && <TextInput label={t("devices.address")} placeholder="sip:me@phone.example" value={uri} onChange={(event) => setUri(event.currentTarget.value)} />}
        {changed && <Button disabled={device === "uri" && !uri.trim()} onClick={() => void act(deskApi.device(device, device === "uri" ? uri.trim() : ""))}>{t("devices.use")}</Button>}
        {devices.permission !== "granted" && (
          <Group gap={8}>
            <Text size="sm">{devices.permission === "denied" ? t("banner.microphoneBlocked") : t("banner.microphoneAsk")}</Text>
            {devices.permission === "prompt" && <Button size="compact-sm" onClick={() => void devices.ask()}>{t("banner.allow")}</Button>}
          </Group>
        )}
        <NativeSelect
          label={t("devices.microphone")}
          data={list(devices.inputs)}
          value={devices.chosen.microphone}
          onChange={(event) => {
            devices.choose("microphone", event.currentTarget.value);
            void calls.useMicrophone(event.currentTarget.value);
          }}
        />
        <NativeSelect label={t("devices.speaker")} data={list(devices.outputs)} value={devices.chosen.speaker} onChange={(event) => devices.choose("speaker", event.currentTarget.value)} />
        <Group align="flex-end" gap={8}>
          <NativeSelect style={{ flex: 1 }} label={t("devices.ringer")} data={list(devices.outputs)} value={devices.chosen.ringer} onChange={(event) => devices.choose("ringer", event.currentTarget.value)} />
          <Button variant="default" onClick={tryRing}>{t("devices.try")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
