/** Pictures on their way to the server: checked, made smaller when they are huge, sent with progress. */

import type { Schemas } from "../api/client";
import { ApiError, refusal } from "../api/errors";

/** Bytes that the server takes at most. */
export const MOST_BYTES = 8 * 1024 * 1024;
/** A longer side than this shows no more to anybody. */
const LONGEST_PX = 2048;
const KINDS = ["image/jpeg", "image/png", "image/webp"];

export type Upload = {
  id: string;
  file: File;
  /** Of the preview; revoked when the upload is dropped. */
  url: string;
  state: "chosen" | "sending" | "failed" | "sent";
  /** 0…1 of the bytes. */
  done: number;
  /** Why it failed, as a key under "upload". */
  why: "" | UploadFailure;
  /** The server's name for it, once it is there. */
  attachment: string;
};
export type UploadFailure = "tooLarge" | "wrongKind" | "network" | "refused" | "over";

export type UploadAction =
  | { do: "add"; uploads: Upload[] }
  | { do: "change"; id: string; change: Partial<Upload> }
  | { do: "drop"; ids: string[] };

/** The list of uploads after one more thing happened to them. */
export function uploads(list: Upload[], action: UploadAction): Upload[] {
  switch (action.do) {
    case "add":
      return [...list, ...action.uploads];
    case "change":
      return list.map((one) => (one.id === action.id ? { ...one, ...action.change } : one));
    case "drop":
      return list.filter((one) => !action.ids.includes(one.id));
  }
}

/** The pictures among what was dropped, pasted or chosen. */
export function picturesOf(files: Iterable<File> | null | undefined): File[] {
  return [...(files ?? [])].filter((file) => file.type.startsWith("image/"));
}

/** What keeps a file from being sent as it is, or "". */
export function obstacle(file: { type: string; size: number }): "" | UploadFailure {
  if (!file.type.startsWith("image/")) return "wrongKind";
  return "";
}

/** Should it be drawn anew as a smaller JPEG? */
export function needsWork(file: { type: string; size: number }, width: number, height: number): boolean {
  return !KINDS.includes(file.type) || file.size > MOST_BYTES / 2 || Math.max(width, height) > LONGEST_PX * 1.5;
}

/** The file as it is sent: huge ones smaller, other kinds as JPEG. Throws a UploadFailure word in an Error. */
export async function prepared(file: File): Promise<Blob> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error("wrongKind");
  }
  try {
    if (!needsWork(file, bitmap.width, bitmap.height)) return file;
    const scale = Math.min(1, LONGEST_PX / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
    if (!blob || blob.size > MOST_BYTES) throw new Error("tooLarge");
    return blob;
  } finally {
    bitmap.close();
  }
}

/** The word for what an upload threw. */
export function whyNot(error: unknown): UploadFailure {
  if (error instanceof ApiError) {
    if (error.status === 0) return "network";
    if (error.status === 413) return "tooLarge";
    if (error.status === 415 || error.status === 422) return "wrongKind";
    return error.status === 404 || error.status === 409 ? "over" : "refused";
  }
  return error instanceof Error && error.message === "tooLarge" ? "tooLarge" : "wrongKind";
}

/** Sends by XMLHttpRequest, since fetch tells nothing of its progress. Throws ApiError. */
export function send<Answer>(
  path: string,
  body: FormData | Blob,
  token: string | undefined,
  onProgress: (share: number) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    if (token) request.setRequestHeader("authorization", `Bearer ${token}`);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new ApiError(0, "network"));
    request.onload = () => {
      const ok = request.status >= 200 && request.status < 300;
      if (ok) resolve(request.response as Answer);
      else reject(refusal(new Response(null, { status: request.status || 500, statusText: request.statusText }), request.response));
    };
    request.send(body);
  });
}

export type Attachment = { attachment_id: string; mime: string; size: number; width: number; height: number };

/** Puts a picture into the conversation. */
export function attach(conversation: string, picture: Blob, name: string, token: string | undefined, onProgress: (share: number) => void) {
  const form = new FormData();
  form.append("file", picture, name || "picture");
  return send<Attachment>(`/api/conversations/${conversation}/attachments`, form, token, onProgress);
}

export type Given = Schemas["Given"];

/** Gives the picture that the assistant asked for. */
export function give(conversation: string, request: string, picture: Blob, token: string | undefined, onProgress: (share: number) => void) {
  return send<Given>(`/api/conversations/${conversation}/visuals?request_id=${encodeURIComponent(request)}`, picture, token, onProgress);
}
