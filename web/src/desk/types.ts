/** Shapes of the desk's API, by the names they have here. Times are UTC ISO 8601 unless `_ms`. */

import type { Schemas } from "../api";

export type AgentView = Schemas["AgentView"];
export type Contact = Schemas["ContactView"];
export type Party = Schemas["Party"];
export type Offer = Schemas["OfferView"];
export type Availability = AgentView["availability"];
export type Device = AgentView["device"];

/** In the order of the menu. */
export const AVAILABILITIES: Availability[] = ["available", "busy", "break", "meal", "meeting", "training", "away", "offline"];
