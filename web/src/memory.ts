/** What the browser keeps between pages: in storage of the page's own origin, never a cookie, never message texts. */

import type { Look } from "./look.js";

export interface Kept {
  /** The session's token, issued and signed by the server. */
  session?: string;
  /** The language that the user chose in the menu. */
  language?: string;
  /** When the user agreed to the privacy note, ISO 8601. */
  consent?: string;
  /** The look that the server told for this site, so that the next page begins with it. */
  look?: Look;
}

const KEY = "nrw-chat";
const OPEN = "nrw-chat-open";

export class Memory {
  /** Stands in where the browser refuses storage: then everything lasts as long as the page. */
  #fallback: Kept = {};

  get kept(): Kept {
    try {
      const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      return typeof read === "object" && read !== null ? (read as Kept) : {};
    } catch {
      return this.#fallback;
    }
  }

  /** Changes some fields; undefined removes one. */
  keep(changes: { [Field in keyof Kept]: Kept[Field] | undefined }): void {
    this.#fallback = JSON.parse(JSON.stringify({ ...this.kept, ...changes })) as Kept;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#fallback));
    } catch {
      // full or forbidden: the fallback holds it
    }
  }

  /** Whether the chat stood open on this tab's last page. */
  get wasOpen(): boolean {
    try {
      return sessionStorage.getItem(OPEN) === "1";
    } catch {
      return false;
    }
  }

  set wasOpen(open: boolean) {
    try {
      if (open) sessionStorage.setItem(OPEN, "1");
      else sessionStorage.removeItem(OPEN);
    } catch {
      // then the next page begins with the launcher
    }
  }

  /** Calls back when another tab changed what is kept. */
  onChange(changed: () => void): () => void {
    const listener = (event: StorageEvent): void => {
      if (event.key === KEY || event.key === null) changed();
    };
    addEventListener("storage", listener);
    return () => removeEventListener("storage", listener);
  }
}
