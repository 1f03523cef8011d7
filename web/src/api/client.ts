/** The typed HTTP client: paths, bodies and answers come from `schema.d.ts`, which `make api` writes from the server's OpenAPI document. */

import createClient from "openapi-fetch";
import { ApiError, refusal } from "./errors";
import type { components, paths } from "./schema";

export { ApiError, refusal } from "./errors";

/** Shapes of the server's answers and requests, by their names there. */
export type Schemas = components["schemas"];

/** One method per HTTP verb, like `http.GET("/api/agent")`. Use it through `ask`. */
export const http = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: "same-origin",
  fetch: (request: Request) => window.fetch(request), // looked up at each call, as tests replace it
});

/** What a call answered (undefined for 204). Throws ApiError for everything but 2xx, and when nothing answers. */
export async function ask<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer: { data?: T; error?: unknown; response: Response };
  try {
    answer = await call;
  } catch {
    throw new ApiError(0, "network");
  }
  if (!answer.response.ok) throw refusal(answer.response, answer.error);
  return answer.data as T;
}

/** Headers of a caller, who has the token of their own conversation and no account. */
export function bearer(token?: string): { headers?: Record<string, string> } {
  return token ? { headers: { authorization: `Bearer ${token}` } } : {};
}
