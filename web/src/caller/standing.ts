/** The one line that says where the caller stands. */

import type { CallState } from "../lib/call";
import type { Phase } from "../lib/transcript";

type Where = { call: CallState | "none"; returning: boolean; open: boolean; phase: Phase };

/** The sentence's key and what goes into it. */
export function standing({ call, returning, open, phase }: Where): { key: string; values: Record<string, unknown> } {
  const say = (key: string, values: Record<string, unknown> = {}) => ({ key: `caller:state.${key}`, values });
  if (returning) return say("returning");
  if (!open) return say(call === "none" ? "chatEnded" : "ended");
  if (call === "unstable") return say("unstable");
  if (call === "connecting") return say("connecting");
  const talks = call === "up";
  switch (phase.name) {
    case "queued":
      if (phase.position === null) return say("queued");
      return phase.position <= 1 ? say("queuedNext") : say("queuedAt", { position: phase.position });
    case "agent":
      if (phase.held) return say("held", { agent: phase.agent });
      return say(talks ? "agent" : "agentChat", { agent: phase.agent });
    default:
      return say(talks ? "assistant" : "assistantChat");
  }
}
