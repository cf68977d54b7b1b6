import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NrwChat } from "../src/launcher.js";
import { NrwChatPanel } from "../src/panel.js";
import type { Conversation } from "../src/conversation.js";
import { composes } from "../src/views/composer.js";
import de from "../src/texts/de.json" with { type: "json" };
import ja from "../src/texts/ja.json" with { type: "json" };

const emitted = vi.hoisted(() => [] as unknown[][]);
const sockets = vi.hoisted(() => [] as { handlers: Map<string, (data?: unknown) => void> }[]);

// the wire is the browser tests' business; here it is a list
vi.mock("socket.io-client", () => ({
  io: () => {
    const handlers = new Map<string, (data?: unknown) => void>();
    const socket = {
      handlers,
      connected: true,
      on: (name: string, handler: (data?: unknown) => void) => handlers.set(name, handler),
      emit: (...event: unknown[]) => emitted.push(event),
      timeout: () => socket,
      emitWithAck: async (...event: unknown[]) => {
        emitted.push(event);
        return { status: "ok", id: 10_000 + emitted.length };
      },
      connect: () => socket,
      disconnect: () => socket,
    };
    sockets.push(socket);
    return socket;
  },
}));

let chat: NrwChat;

const panel = (): NrwChatPanel => chat.shadowRoot!.querySelector("nrw-chat-panel")!;
const find = (selector: string): HTMLElement | null => panel().shadowRoot!.querySelector(selector);
const settled = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 0));
  await panel().requestUpdate();
};
const server = (name: string, data: unknown): void => sockets.at(-1)!.handlers.get(name)!(data);
const conversation = (): Conversation => panel().conversation;

async function begin(): Promise<void> {
  await chat.open();
  await settled();
  find(".foot .primary")!.click();
  server("connect", undefined);
  server("session_confirm", { session: "token", resumed: false, language: "de", last_id: 0, site: { partner_name: { de: "Krefeld" } } });
  await settled();
}

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  document.documentElement.lang = "de";
  emitted.length = 0;
  chat = document.createElement("nrw-chat") as NrwChat;
  document.body.append(chat);
});

afterEach(() => chat.remove());

describe("launcher", () => {
  test("has a name in the page's language and loads nothing by itself", () => {
    expect(chat.shadowRoot!.querySelector("button")!.textContent).toContain(de.launcher_label);
    expect(panel()).toBeNull();
    chat.setAttribute("lang", "ja-JP");
    expect(chat.shadowRoot!.querySelector("button")!.textContent).toContain(ja.launcher_label);
    chat.setAttribute("label", "Hilfe");
    expect(chat.shadowRoot!.querySelector("button")!.textContent).toContain("Hilfe");
  });

  test("sends nothing before consent", async () => {
    await chat.open();
    await settled();
    expect(find(".start")!.textContent).toContain(de.consent_program);
    expect(sockets.length).toBe(0);
    expect(localStorage.length).toBe(0);
  });
});

describe("conversation", () => {
  test("asks for a session and keeps its token, and shows messages by the server's numbers", async () => {
    await begin();
    expect(emitted[0]).toEqual(["session_request", expect.objectContaining({ session: null, consent: true, page_language: "de" }), expect.any(Function)]);
    expect(JSON.parse(localStorage.getItem("nrw-chat")!)).toMatchObject({ session: "token" });
    server("bot_uttered", { id: 3, from: "bot", text: "drei", language: "de" });
    server("bot_uttered", { id: 2, from: "bot", text: "zwei", language: "de" });
    server("bot_uttered", { id: 3, from: "bot", text: "drei", language: "de" });
    await settled();
    expect([...panel().shadowRoot!.querySelectorAll(".body")].map((each) => each.textContent)).toEqual(["zwei", "drei"]);
  });

  test("sends in order with ids of its own, and matches the server's echo", async () => {
    await begin();
    conversation().send("eins");
    conversation().send("zwei");
    await settled();
    await settled();
    const sent = emitted.filter(([name]) => name === "user_uttered").map(([, data]) => data as { message: string; client_id: string });
    expect(sent.map(({ message }) => message)).toEqual(["eins", "zwei"]);
    expect(new Set(sent.map(({ client_id }) => client_id)).size).toBe(2);
    server("bot_uttered", { id: 10_002, from: "user", text: "eins", client_id: sent[0]!.client_id });
    expect(conversation().messages.length).toBe(2);
  });

  test("follows the language of the bot until the user picks one", async () => {
    await begin();
    server("bot_uttered", { id: 1, from: "bot", text: "はい", language: "ja" });
    await settled();
    expect(find("dialog")!.lang).toBe("ja");
    chat.setLanguage("de", true);
    server("bot_uttered", { id: 2, from: "bot", text: "はい", language: "ja" });
    await settled();
    expect(find("dialog")!.lang).toBe("de");
  });

  test("buttons of a step end with the step, others stay", async () => {
    await begin();
    const buttons = [
      { title: "Ja", payload: "~yes", intent: "affirm" },
      { title: "Themen", payload: "~menu", intent: "menu" },
    ];
    server("bot_uttered", { id: 1, from: "bot", text: "?", language: "de", buttons });
    await settled();
    find(".choice.affirm")!.click();
    find(".choice.affirm")!.click();
    server("bot_uttered", { id: 20_000, from: "bot", text: "!", language: "de" });
    await settled();
    expect(emitted.filter(([name]) => name === "user_uttered")).toEqual([["user_uttered", expect.objectContaining({ message: "~yes", title: "Ja" })]]);
    expect(find(".choice.affirm")!.getAttribute("aria-disabled")).toBe("true");
    expect(find(".choice.menu")!.hasAttribute("aria-disabled")).toBe(false);
  });

  test("the form shows the server's words beside each entry and keeps what was entered", async () => {
    await begin();
    server("bot_uttered", { id: 1, from: "bot", text: "Firma?", language: "de", custom: { type: "handoff", state: "form", field: "company" } });
    await settled();
    const company = find("#entry-company") as HTMLInputElement;
    company.value = "Musterwerk";
    company.dispatchEvent(new Event("input"));
    server("bot_uttered", { id: 2, from: "bot", text: "!", language: "de", custom: { type: "handoff", state: "form", errors: { email: "Nein.", company: 7 } } });
    await settled();
    expect(find("#entry-email-error")!.textContent).toBe("Nein.");
    expect(find("#entry-email")!.getAttribute("aria-describedby")).toBe("entry-email-error");
    expect((find("#entry-company") as HTMLInputElement).value).toBe("Musterwerk");
    expect(find("#entry-company")!.hasAttribute("aria-invalid")).toBe(false);
    server("bot_uttered", { id: 3, from: "bot", text: "", language: "de", custom: { type: "handoff", state: "cancelled" } });
    await settled();
    expect(find("form.handoff")).toBeNull();
    expect(conversation().formValues).toEqual({});
  });

  test("an end that another tab tells first is the end that was asked for", async () => {
    await begin();
    const socket = sockets.at(-1)! as unknown as { emitWithAck: () => Promise<unknown> };
    socket.emitWithAck = async () => {
      localStorage.setItem("nrw-chat", "{}");
      dispatchEvent(new StorageEvent("storage", { key: "nrw-chat" }));
      throw new Error("socket has been disconnected");
    };
    expect(await conversation().end(true)).toBe(true);
    await settled();
    expect(find(".ended")!.textContent).toBe(de.erased);
  });

  test("the session's end leaves nothing behind", async () => {
    await begin();
    server("session_closed", { reason: "erased" });
    await settled();
    expect(find(".ended")!.textContent).toBe(de.erased);
    expect(JSON.parse(localStorage.getItem("nrw-chat")!)).not.toHaveProperty("session");
  });
});

describe("input methods", () => {
  test.each([
    [{ key: "Enter" }, false],
    [{ key: "Enter", isComposing: true }, true],
    [{ key: "Enter", keyCode: 229 }, true],
    [{ key: "Process", keyCode: 229 }, true],
  ])("%o", (init, expected) => {
    expect(composes(new KeyboardEvent("keydown", init))).toBe(expected);
  });
});
