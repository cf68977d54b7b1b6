/** The conversation as this browser knows it: messages in order, the connection, the queue, and the handoff's state. */

import { io, type Socket } from "socket.io-client";
import type { Memory } from "./memory.js";
import { Queue, type Waiting } from "./queue.js";
import { FORM_FIELDS, readAck, readConfirmation, readUttered, strings, text, fields, type Button, type Confirmation, type Custom, type FormValues, type Speaker, type Uttered } from "./protocol.js";

export type Connection = "idle" | "connecting" | "online" | "offline";
export type Ending = "ended" | "erased";

export interface Message {
  /** Stable over the message's life, also when the server gives it a number. */
  key: string;
  id: number | undefined;
  from: Speaker;
  text: string;
  language: string;
  buttons: Button[];
  custom: Custom;
  at: string;
  partnerName: string;
  status: "sent" | "waiting" | "failed";
  /** Why it was not sent, in the server's words. */
  problem: string | undefined;
  /** The payload of the button that was pressed. */
  pressed: string | undefined;
}

export interface HandoffForm {
  errors: Record<string, string>;
  suggestion: string;
  field: string;
}

/** What the conversation needs to know of the page. */
export interface Surroundings {
  server: string;
  memory: Memory;
  language: () => string;
}

const ACK_TIMEOUT = 15_000;
const TOO_FAST_WAIT = 4_000;
const MOST_TRIES = 5;
const TYPING_LASTS = 30_000;
const OWN_TYPING_LASTS = 4_000;

/** Fires `change` after every change, and `uttered` with each new message from the other side. */
export class Conversation extends EventTarget {
  messages: Message[] = [];
  connection: Connection = "idle";
  confirmation: Confirmation | undefined;
  typing: "bot" | "person" | undefined;
  /** True while history arrives: it is shown, not announced. */
  replaying = false;
  ending: Ending | undefined;
  /** Why the server began no session, in its words. */
  refusal: string | undefined;
  /** What was entered into the form so far. */
  formValues: Partial<FormValues> = {};

  #socket: Socket | undefined;
  readonly #queue = new Queue();
  #ready = false;
  #flushing = false;
  #leaving: Ending | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #ownTyping: ReturnType<typeof setTimeout> | undefined;

  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    super();
    this.#around = around;
  }

  /** Whether the conversation has begun (and not ended). */
  get started(): boolean {
    return this.#socket !== undefined;
  }

  /** Connects and begins or resumes the session. Call only with the user's consent. */
  start(): void {
    if (this.#socket) return;
    this.ending = undefined;
    this.refusal = undefined;
    this.connection = "connecting";
    for (const item of this.#queue.all) this.#showOwn(item);
    const socket = io(this.#around.server, {
      path: "/socket.io/",
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      upgrade: false,
      forceNew: true,
      reconnectionDelay: 1_000,
      reconnectionDelayMax: 30_000,
      randomizationFactor: 0.5,
      timeout: 10_000,
    });
    this.#socket = socket;
    socket.on("connect", () => this.#requestSession());
    socket.on("disconnect", (reason) => {
      this.#lost();
      // Socket.IO reconnects by itself unless the server hung up
      if (reason === "io server disconnect") setTimeout(() => this.#socket?.connect(), 2_000);
    });
    socket.on("connect_error", () => this.#lost());
    socket.on("session_confirm", (data: unknown) => this.#confirmed(data));
    socket.on("bot_uttered", (data: unknown) => this.#received(data));
    socket.on("typing", (data: unknown) => this.#otherTypes(data));
    socket.on("session_closed", (data: unknown) => this.#closed(fields(data)["reason"] === "erased" ? "erased" : "ended"));
    addEventListener("online", this.tryNow);
    this.#changed();
  }

  /** Connects at once instead of after the back-off. */
  readonly tryNow = (): void => {
    const socket = this.#socket;
    if (!socket || socket.connected) return;
    socket.disconnect();
    this.connection = "connecting";
    this.#changed();
    socket.connect();
  };

  /** Leaves the server without ending the session: for a page that takes the element away. */
  detach(): void {
    removeEventListener("online", this.tryNow);
    this.#socket?.disconnect();
    this.#socket = undefined;
    this.#ready = false;
    this.connection = "idle";
  }

  /** Sends words of the user, or a button of a message. */
  send(words: string, button?: { message: Message; payload: string }): void {
    const trimmed = words.trim();
    if (!trimmed) return;
    const data: Waiting["data"] = { message: button?.payload ?? trimmed, client_id: newId() };
    if (button) {
      data.title = trimmed;
      button.message.pressed = button.payload;
    }
    this.#enqueue({ event: "user_uttered", data, tries: 0 });
  }

  /** Sends the handoff form; `sentLabel` stands in the log, never what was entered. */
  submitForm(values: FormValues, sentLabel: string): void {
    this.#enqueue({ event: "form_submit", data: { form: "handoff", values, client_id: newId(), title: sentLabel }, tries: 0 });
  }

  /** Sends a message again that the server did not take. */
  retry(message: Message): void {
    const item = this.#failed.get(message.key);
    if (!item) return;
    this.#failed.delete(message.key);
    this.messages = this.messages.filter((each) => each !== message);
    this.#enqueue({ ...item, tries: 0 });
  }

  /** Takes a message away that was not sent. */
  discard(message: Message): void {
    this.#failed.delete(message.key);
    this.#queue.remove(message.key);
    this.messages = this.messages.filter((each) => each !== message);
    this.#changed();
  }

  /** Ends the session on the server; false when it could not be told. */
  async end(erase: boolean): Promise<boolean> {
    const socket = this.#socket;
    if (!socket?.connected) return false;
    // another tab may tell of the end, or forget the session, before the answer is here: it is this end all the same
    this.#leaving = erase ? "erased" : "ended";
    let answer: unknown;
    try {
      answer = await socket.timeout(ACK_TIMEOUT).emitWithAck("end_session", { erase });
    } catch {
      // no answer
    }
    if (socket !== this.#socket) return true;
    this.#leaving = undefined;
    if (!["ok", "no_session"].includes(readAck(answer).status)) return false;
    this.#closed(erase ? "erased" : "ended");
    return true;
  }

  /** Another tab changed what is kept: follow it. */
  keptChanged(): void {
    if (this.started && !this.#around.memory.kept.session && this.confirmation) this.#closed("ended");
  }

  /** Tells a person that the user is writing. */
  tellTyping(): void {
    if (this.handoff?.state !== "with_person" || !this.#ready) return;
    if (this.#ownTyping === undefined) this.#socket?.emit("typing", { on: true });
    clearTimeout(this.#ownTyping);
    this.#ownTyping = setTimeout(() => this.#stopTyping(), OWN_TYPING_LASTS);
  }

  /** The latest word on the way to a person. */
  get handoff(): Custom | undefined {
    return this.messages.findLast((message) => ["handoff", "notice"].includes(message.custom.type ?? ""))?.custom;
  }

  /** The form, while the server asks for its entries. */
  get form(): HandoffForm | undefined {
    const custom = this.handoff;
    if (custom?.type !== "handoff" || custom.state !== "form" || custom.field === "confirm") return undefined;
    const asked = this.messages.findLast((message) => message.custom["suggestion"]);
    // a question may follow in the same turn: what is wrong holds until the user says something again
    const turn = this.messages.slice(this.messages.findLastIndex((message) => message.from === "user") + 1);
    const wrong = turn.findLast((message) => message.custom["errors"])?.custom["errors"];
    return { errors: strings(wrong), suggestion: text(asked?.custom["suggestion"]), field: custom.field ?? "" };
  }

  /** What was sent and not taken, by the message's key. */
  readonly #failed = new Map<string, Waiting>();

  #requestSession(): void {
    const { memory, language } = this.#around;
    const known = this.messages.reduce((last, message) => (message.status === "sent" && message.key.startsWith("#") ? Math.max(last, message.id ?? 0) : last), 0);
    const request = {
      session: memory.kept.session ?? null,
      last_id: known || null,
      language: language(),
      page_language: document.documentElement.lang || language(),
      page_url: location.origin + location.pathname,
      consent: true,
    };
    this.#socket?.timeout(ACK_TIMEOUT).emit("session_request", request, (error: Error | null, data: unknown) => {
      if (error) {
        // connected, but nobody answers: begin anew
        this.#socket?.disconnect().connect();
        return;
      }
      const ack = readAck(data);
      if (ack.status === "ok") this.#confirmed(data);
      else this.#refused(ack.text);
    });
  }

  #refused(words: string | undefined): void {
    this.refusal = words ?? "";
    this.connection = "offline";
    this.#changed();
    setTimeout(() => {
      if (this.refusal !== undefined && this.#socket?.connected) this.#requestSession();
    }, 30_000);
  }

  #confirmed(data: unknown): void {
    const confirmation = readConfirmation(data);
    // told twice: as an event and as the acknowledgement
    if (!confirmation || (this.#ready && confirmation.session === this.confirmation?.session)) return;
    if (!confirmation.resumed) {
      this.messages = this.messages.filter((message) => message.status !== "sent");
      this.#queue.forNewSession();
      this.formValues = {};
    }
    this.confirmation = confirmation;
    this.refusal = undefined;
    this.#around.memory.keep({ session: confirmation.session });
    this.connection = "online";
    this.#ready = true;
    this.replaying = confirmation.resumed && confirmation.lastId > this.#lastId;
    if (this.replaying) setTimeout(() => this.#endReplay(), 3_000);
    this.dispatchEvent(new Event("confirmed"));
    this.#changed();
    void this.#flush();
  }

  get #lastId(): number {
    return this.messages.reduce((last, message) => Math.max(last, message.id ?? 0), 0);
  }

  #endReplay(): void {
    if (!this.replaying) return;
    this.replaying = false;
    this.#changed();
  }

  #received(data: unknown): void {
    const uttered = readUttered(data);
    if (!uttered) return;
    const known = this.messages.find((each) => each.id === uttered.id || (uttered.clientId !== undefined && each.key === uttered.clientId));
    if (known) {
      known.id = uttered.id;
      known.status = "sent";
      known.problem = undefined;
      if (uttered.clientId) this.#queue.remove(uttered.clientId);
    } else {
      this.messages.push(messageOf(uttered));
    }
    this.#sort();
    if (uttered.from !== "user") this.#setTyping(undefined);
    if (["submitted", "cancelled", "closed"].includes(uttered.custom.state ?? "")) this.formValues = {};
    if (!known && uttered.from !== "user") this.dispatchEvent(new CustomEvent<Uttered>("uttered", { detail: uttered }));
    this.#changed();
    if (this.replaying && uttered.id >= (this.confirmation?.lastId ?? 0)) setTimeout(() => this.#endReplay(), 100);
  }

  #otherTypes(data: unknown): void {
    const told = fields(data);
    const from = told["from"] === "person" ? "person" : "bot";
    this.#setTyping(told["on"] === true ? from : undefined);
    this.#changed();
  }

  #setTyping(who: "bot" | "person" | undefined): void {
    this.typing = who;
    clearTimeout(this.#typingTimer);
    if (who) {
      this.#typingTimer = setTimeout(() => {
        this.typing = undefined;
        this.#changed();
      }, TYPING_LASTS);
    }
  }

  #stopTyping(): void {
    if (this.#ownTyping === undefined) return;
    clearTimeout(this.#ownTyping);
    this.#ownTyping = undefined;
    if (this.#ready) this.#socket?.emit("typing", { on: false });
  }

  #lost(): void {
    this.#ready = false;
    this.connection = "offline";
    this.replaying = false;
    this.#setTyping(undefined);
    this.#changed();
  }

  #closed(ending: Ending, keepQueue = false): void {
    this.detach();
    this.#around.memory.keep({ session: undefined });
    if (keepQueue) this.#queue.forNewSession();
    else this.#queue.clear();
    this.#failed.clear();
    this.messages = [];
    this.confirmation = undefined;
    this.formValues = {};
    this.#setTyping(undefined);
    this.replaying = false;
    this.ending = this.#leaving ?? ending;
    this.#leaving = undefined;
    this.#changed();
  }

  #enqueue(item: Waiting): void {
    this.#queue.add(item);
    this.#showOwn(item);
    this.#stopTyping();
    this.#changed();
    void this.#flush();
  }

  #showOwn(item: Waiting): void {
    this.messages.push({
      key: item.data.client_id,
      id: undefined,
      from: "user",
      text: item.data.title ?? item.data.message ?? "",
      language: "",
      buttons: [],
      custom: {},
      at: new Date().toISOString(),
      partnerName: "",
      status: "waiting",
      problem: undefined,
      pressed: undefined,
    });
  }

  /** Sends what waits, one after another; a message leaves the queue only when the server has answered for it. */
  async #flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      for (let item = this.#queue.first; item && this.#ready && this.#socket; item = this.#queue.first) {
        const socket = this.#socket;
        let answer: unknown;
        try {
          answer = await socket.timeout(ACK_TIMEOUT).emitWithAck(item.event, item.data);
        } catch {
          if (!this.#ready || socket !== this.#socket) return;
          item.tries += 1;
          if (item.tries >= MOST_TRIES) this.#settleFailed(item, undefined);
          continue;
        }
        if (!(await this.#settle(item, answer))) return;
      }
    } finally {
      this.#flushing = false;
      // the connection came back while the last attempt was given up
      if (this.#ready && this.#queue.first) setTimeout(() => void this.#flush(), 200);
    }
  }

  /** Takes the server's answer; false when nothing more can be sent. */
  async #settle(item: Waiting, answer: unknown): Promise<boolean> {
    const ack = readAck(answer);
    const message = this.messages.find((each) => each.key === item.data.client_id);
    if (ack.status === "ok" || ack.status === "duplicate") {
      this.#queue.remove(item.data.client_id);
      if (message) {
        message.id = ack.id ?? message.id;
        message.status = "sent";
        message.problem = undefined;
        this.#sort();
      }
      this.#changed();
      return true;
    }
    if (ack.status === "no_session") {
      // what was written is sent when the user begins anew
      this.#closed("ended", true);
      return false;
    }
    if (ack.status === "too_fast" && item.tries < MOST_TRIES) {
      item.tries += 1;
      if (message) message.problem = ack.text;
      this.#changed();
      await new Promise((resolve) => setTimeout(resolve, TOO_FAST_WAIT));
      return this.#ready;
    }
    this.#settleFailed(item, ack.text);
    return true;
  }

  #settleFailed(item: Waiting, words: string | undefined): void {
    this.#queue.remove(item.data.client_id);
    this.#failed.set(item.data.client_id, item);
    const message = this.messages.find((each) => each.key === item.data.client_id);
    if (message) {
      message.status = "failed";
      message.problem = words;
    }
    this.#changed();
  }

  /** By the server's numbers; what has none yet comes last, in the order it was written. */
  #sort(): void {
    this.messages = this.messages
      .map((message, index) => ({ message, index }))
      .sort((a, b) => (a.message.id ?? Infinity) - (b.message.id ?? Infinity) || a.index - b.index)
      .map(({ message }) => message);
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

function messageOf(uttered: Uttered): Message {
  const { clientId, ...rest } = uttered;
  return { ...rest, key: `#${clientId ?? uttered.id}`, status: "sent", problem: undefined, pressed: undefined };
}

/** 128 random bits. `crypto.randomUUID` exists on encrypted pages only; a local test page is none. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** All entries of the form, empty where nothing was entered. */
export function emptyForm(): FormValues {
  return Object.fromEntries(FORM_FIELDS.map((name) => [name, ""])) as FormValues;
}
