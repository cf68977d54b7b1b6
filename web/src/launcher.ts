/** The button that opens the chat. It loads the rest, and contacts the server, only after the first click. */

import { names, words } from "virtual:launcher-texts";
import type { Host, Panel } from "./host.js";
import { chooseLanguage, type Language } from "./language.js";
import { logoUrl, tokens, type Look } from "./look.js";
import { Memory } from "./memory.js";
import sheet from "./launcher.css?inline";

const PHONE = "(max-width: 37.5rem), (max-height: 30rem)";
const ATTRIBUTES = ["server", "lang", "colour", "logo", "position", "theme", "heading", "label", "privacy-url"];

export class NrwChat extends HTMLElement implements Host {
  static readonly observedAttributes = ATTRIBUTES;

  readonly memory = new Memory();
  readonly adopt = adopt;
  readonly #root = this.attachShadow({ mode: "open" });
  readonly #button = document.createElement("button");
  readonly #label = document.createElement("span");
  readonly #status = document.createElement("p");
  readonly #setTokens = adopt(this.#root, "");
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  #followed: Language | undefined;
  #panel: Panel | undefined;
  #loading: Promise<Panel> | undefined;

  constructor() {
    super();
    adopt(this.#root, sheet);
    this.#button.type = "button";
    this.#button.className = "launcher";
    this.#button.append(icon(), this.#label);
    this.#button.setAttribute("aria-haspopup", "dialog");
    this.#button.addEventListener("click", () => void this.open());
    this.#status.className = "status";
    this.#status.setAttribute("role", "status");
    this.#root.append(this.#button, this.#status);
  }

  connectedCallback(): void {
    this.#dark.addEventListener("change", this.#refresh);
    this.#refresh();
    // the user opened it in this tab before: the conversation goes on, where it does not hide the page
    if (this.memory.wasOpen && !matchMedia(PHONE).matches) void this.open(false);
  }

  disconnectedCallback(): void {
    this.#dark.removeEventListener("change", this.#refresh);
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#refresh();
  }

  get server(): string {
    return new URL(this.getAttribute("server") ?? import.meta.url, document.baseURI).origin;
  }

  get language(): Language {
    return this.#followed ?? chooseLanguage(this.memory.kept.language, this.lang);
  }

  get #words(): Record<string, string> {
    return Object.fromEntries(names.split(" ").map((name, index) => [name, words[this.language][index] ?? ""]));
  }

  get heading(): string | undefined {
    return this.getAttribute("heading") ?? undefined;
  }

  get look(): Look {
    const look: Record<string, string | null | undefined> = { ...this.memory.kept.look };
    for (const name of ["colour", "logo", "position", "theme"]) look[name] = this.getAttribute(name) ?? look[name];
    look["privacy_url"] = this.getAttribute("privacy-url") ?? look["privacy_url"];
    return look as Look;
  }

  get logo(): string | undefined {
    return logoUrl(this.look.logo);
  }

  get privacyUrl(): string | undefined {
    return logoUrl(this.look.privacy_url);
  }

  setSiteLook(look: Look): void {
    this.memory.keep({ look });
    this.#refresh();
  }

  setLanguage(language: Language, chosen: boolean): void {
    this.#followed = language;
    if (chosen) this.memory.keep({ language });
    this.#refresh();
  }

  /** Opens the chat. Without `focus` the page keeps it. */
  async open(focus = true): Promise<void> {
    this.#say(this.#words["launcher_loading"] ?? "");
    this.#button.setAttribute("aria-busy", "true");
    try {
      this.#loading ??= this.#load();
      this.#panel = await this.#loading;
    } catch {
      this.#loading = undefined;
      this.#say(this.#words["launcher_failed"] ?? "", true);
      return;
    } finally {
      this.#button.removeAttribute("aria-busy");
    }
    this.#say("");
    this.memory.wasOpen = true;
    this.#button.hidden = true;
    this.#panel.show(focus);
    this.dispatchEvent(new Event("nrw-chat-open", { bubbles: true }));
  }

  /** Closes the chat; the conversation goes on when it is opened again. */
  close(): void {
    if (this.#button.hidden === false) return;
    this.memory.wasOpen = false;
    this.#panel?.hide();
    this.#button.hidden = false;
    this.#button.focus();
    this.dispatchEvent(new Event("nrw-chat-close", { bubbles: true }));
  }

  async #load(): Promise<Panel> {
    const { NrwChatPanel } = await import("./panel.js");
    const panel = new NrwChatPanel();
    panel.host = this;
    this.#root.append(panel);
    return panel;
  }

  #say(text: string, seen = false): void {
    this.#status.textContent = text;
    this.#status.classList.toggle("seen", seen);
  }

  readonly #refresh = (): void => {
    const { theme, position } = this.look;
    const dark = theme === "dark" || (theme !== "light" && this.#dark.matches);
    this.#setTokens(tokens(this.look, dark));
    this.#root.host.toggleAttribute("data-left", position === "left");
    this.#label.textContent = this.getAttribute("label") ?? this.#words["launcher_label"] ?? "";
    this.#button.lang = this.language;
    this.#status.lang = this.language;
    this.#panel?.refresh();
  };
}

/** Adds a style sheet that a strict Content-Security-Policy allows; returns what replaces its text. */
function adopt(root: ShadowRoot, text: string): (text: string) => void {
  // older than every listed browser, and the tests' document
  if (!("adoptedStyleSheets" in Document.prototype)) {
    const style = root.appendChild(document.createElement("style"));
    style.textContent = text;
    return (changed) => void (style.textContent = changed);
  }
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, made];
  return (changed) => made.replaceSync(changed);
}

function icon(): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", "M4 4h16a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-8l-5 4v-4H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM7.5 8.5h9M7.5 12.5h6");
  svg.append(path);
  return svg;
}

/** One script tag is enough: without an element on the page, one is made with the tag's data attributes. */
function begin(): void {
  if (!customElements.get("nrw-chat")) customElements.define("nrw-chat", NrwChat);
  if (document.querySelector("nrw-chat")) return;
  const tag = [...document.scripts].find((script) => script.src === import.meta.url);
  if (!tag || tag.dataset["element"] === "none") return;
  const chat = document.createElement("nrw-chat");
  for (const name of ATTRIBUTES) {
    const value = tag.getAttribute(`data-${name}`);
    if (value !== null) chat.setAttribute(name, value);
  }
  document.body.append(chat);
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin, { once: true });
else begin();
