/** What the user has sent and the server has not confirmed yet: in order, each once, kept over a reload of the tab. */

export interface Waiting {
  event: "user_uttered" | "form_submit";
  data: { client_id: string; message?: string; title?: string; [field: string]: unknown };
  /** Tries that the server answered with "too fast", or not at all. */
  tries: number;
}

const KEY = "nrw-chat-queue";

export class Queue {
  #items: Waiting[] = read();

  get first(): Waiting | undefined {
    return this.#items[0];
  }

  get all(): readonly Waiting[] {
    return this.#items;
  }

  add(item: Waiting): void {
    this.#items.push(item);
    this.#save();
  }

  remove(clientId: string): Waiting | undefined {
    const found = this.#items.find((item) => item.data.client_id === clientId);
    this.#items = this.#items.filter((item) => item !== found);
    this.#save();
    return found;
  }

  clear(): void {
    this.#items = [];
    this.#save();
  }

  /** In a new session old buttons are void: their words are sent instead. */
  forNewSession(): void {
    for (const item of this.#items) {
      if (item.data.title !== undefined) {
        item.data.message = item.data.title;
        delete item.data.title;
      }
    }
    this.#items = this.#items.filter((item) => item.event === "user_uttered");
    this.#save();
  }

  #save(): void {
    try {
      // the form's entries are personal data: they stay in this page's memory
      const kept = this.#items.filter((item) => item.event === "user_uttered");
      if (kept.length) sessionStorage.setItem(KEY, JSON.stringify(kept));
      else sessionStorage.removeItem(KEY);
    } catch {
      // then it lasts as long as the page
    }
  }
}

function read(): Waiting[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return (kept as Waiting[]).filter((item) => item.event === "user_uttered" && typeof item.data?.client_id === "string");
  } catch {
    return [];
  }
}
