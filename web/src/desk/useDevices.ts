/** Microphone, speaker and ringer: what there is, what was chosen, whether the microphone is allowed. */

import { useCallback, useEffect, useState } from "react";

export type DeviceKind = "microphone" | "speaker" | "ringer";
export type Choices = Record<DeviceKind, string>;
export type Permission = "granted" | "denied" | "prompt";
export type Devices = {
  inputs: MediaDeviceInfo[];
  outputs: MediaDeviceInfo[];
  chosen: Choices;
  permission: Permission;
  choose: (kind: DeviceKind, id: string) => void;
  /** Asks for the microphone, so that the devices get names and calls can be answered. */
  ask: () => Promise<void>;
};

const STORED = "warmline.devices";
const NONE: Choices = { microphone: "", speaker: "", ringer: "" };

function remembered(): Choices {
  try {
    return { ...NONE, ...(JSON.parse(window.localStorage.getItem(STORED) ?? "{}") as Partial<Choices>) };
  } catch {
    return NONE;
  }
}

export function useDevices(): Devices {
  const [found, setFound] = useState<MediaDeviceInfo[]>([]);
  const [chosen, setChosen] = useState(remembered);
  const [permission, setPermission] = useState<Permission>("prompt");

  const look = useCallback(async () => {
    setFound((await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? []);
  }, []);
  useEffect(() => {
    let status: PermissionStatus | null = null;
    const changed = () => {
      setPermission(status?.state ?? "prompt");
      void look();
    };
    navigator.permissions?.query({ name: "microphone" as PermissionName }).then(
      (one) => {
        status = one;
        one.addEventListener("change", changed);
        changed();
      },
      () => void look(), // this browser does not tell
    );
    navigator.mediaDevices?.addEventListener("devicechange", look);
    return () => {
      status?.removeEventListener("change", changed);
      navigator.mediaDevices?.removeEventListener("devicechange", look);
    };
  }, [look]);

  const choose = (kind: DeviceKind, id: string) => {
    const next = { ...chosen, [kind]: id };
    setChosen(next);
    window.localStorage.setItem(STORED, JSON.stringify(next));
  };
  const ask = async () => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      stream.getTracks().forEach((track) => track.stop());
      setPermission("granted");
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") setPermission("denied");
    }
    await look();
  };
  const named = (kind: MediaDeviceKind) => found.filter((one) => one.kind === kind && one.deviceId !== "" && one.deviceId !== "default");
  return { inputs: named("audioinput"), outputs: named("audiooutput"), chosen, permission, choose, ask };
}
