/** A picture of the conversation as an address that <img> can show. */

import { useEffect, useState } from "react";

/** null while it loads, "" when it cannot be had. Callers are known by their token; the desk by its cookie. */
export function useAttachment(conversation: string, attachment: string, token?: string): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let made = "";
    let gone = false;
    fetch(`/api/conversations/${conversation}/attachments/${attachment}`, {
      credentials: "same-origin",
      ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}),
    })
      .then((response) => (response.ok ? response.blob() : Promise.reject(new Error(String(response.status)))))
      .then((blob) => {
        if (gone) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      })
      .catch(() => !gone && setUrl(""));
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [conversation, attachment, token]);
  return url;
}
