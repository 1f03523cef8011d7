/** What goes wrong when the server is asked. */

/** An answer other than 2xx; status 0: no answer at all. `retryAfter` is seconds, when the server named them. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** The ApiError of an answer that is not 2xx. */
export function refusal(response: Response, body: unknown): ApiError {
  const detail = body && typeof body === "object" && "detail" in body ? body.detail : undefined;
  const retry = Number(response.headers.get("retry-after"));
  return new ApiError(
    response.status,
    typeof detail === "string" ? detail : response.statusText,
    Number.isFinite(retry) && retry > 0 ? retry : null,
  );
}
