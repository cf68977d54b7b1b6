/** The chat itself: head, log, form and composer. Loaded by the launcher after the first click. */

import { html, nothing, render, type TemplateResult } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import { Conversation } from "./conversation.js";
import { save, transcript } from "./download.js";
import type { Host, Panel } from "./host.js";
import { icons } from "./icons.js";
import type { Language } from "./language.js";
import style from "./panel.css?inline";
import type { Uttered } from "./protocol.js";
import { LANGUAGE_NAMES, textsOf, type Texts } from "./texts.js";
import { composerView, composes, grow } from "./views/composer.js";
import { formValues, formView, missing } from "./views/form.js";
import { messageView } from "./views/message.js";
import { privacyNote, startView } from "./views/start.js";
import type { View } from "./views/types.js";

const PHONE = "(max-width: 37.5rem), (max-height: 30rem)";
/** Pixels from the end within which the log follows new messages. */
const NEAR_END = 120;

/** Built on Lit's templates alone: it has no attributes to react to, and the whole must stay small. */
export class NrwChatPanel extends HTMLElement implements Panel, View {
  readonly root = this.attachShadow({ mode: "open" });
  host!: Host;
  conversation!: Conversation;

  #draft = "";
  #menuOpen = false;
  #noteOpen = false;
  #endOpen = false;
  #endProblem = false;
  #connectionNote = "";
  #formErrors: Record<string, string> = {};
  #formProblem: string | undefined;
  #unseen = false;
  #shown = 0;
  readonly #phone = matchMedia(PHONE);
  #forgetStorage: (() => void) | undefined;

  get texts(): Texts {
    return textsOf(this.host.language);
  }

  get language(): Language {
    return this.host.language;
  }

  /** Renders once, however many changes came before; resolves afterwards. */
  requestUpdate(): Promise<void> {
    this.#updating ??= Promise.resolve().then(() => {
      this.#updating = undefined;
      if (!this.conversation.form) this.#formErrors = {};
      render(this.#template(), this.root);
      this.#updated();
    });
    return this.#updating;
  }

  #updating: Promise<void> | undefined;

  connectedCallback(): void {
    if (!this.conversation) {
      this.host.adopt(this.root, style);
      this.conversation = new Conversation({ server: this.host.server, memory: this.host.memory, language: () => this.host.language });
      this.conversation.addEventListener("change", () => this.#conversationChanged());
      this.conversation.addEventListener("confirmed", () => this.host.setSiteLook(this.conversation.confirmation?.look ?? {}));
      this.conversation.addEventListener("uttered", (event) => this.#uttered((event as CustomEvent<Uttered>).detail));
    }
    this.#forgetStorage = this.host.memory.onChange(() => this.#keptChanged());
    this.#phone.addEventListener("change", this.#reshow);
    visualViewport?.addEventListener("resize", this.#fitKeyboard);
    visualViewport?.addEventListener("scroll", this.#fitKeyboard);
    this.#keptChanged();
  }

  disconnectedCallback(): void {
    this.conversation.detach();
    this.#forgetStorage?.();
    this.#phone.removeEventListener("change", this.#reshow);
    visualViewport?.removeEventListener("resize", this.#fitKeyboard);
    visualViewport?.removeEventListener("scroll", this.#fitKeyboard);
  }

  show(focus: boolean): void {
    void this.requestUpdate().then(() => {
      const dialog = this.#dialog;
      if (!dialog || dialog.open) return;
      if (!focus) dialog.setAttribute("open", "");
      else if (this.#phone.matches) dialog.showModal();
      else dialog.show();
      this.#fitKeyboard();
      this.#scrollToTurn();
      if (focus) this.#focusStart();
    });
  }

  hide(): void {
    this.#menuOpen = false;
    this.#dialog?.close();
    void this.requestUpdate();
  }

  refresh(): void {
    void this.requestUpdate();
  }

  get #dialog(): HTMLDialogElement | null {
    return this.root.querySelector("dialog.panel");
  }

  get #scroller(): HTMLElement | null {
    // in a very low window, as with 400 % zoom, everything scrolls together
    const scroll = this.root.querySelector<HTMLElement>(".scroll");
    return scroll && getComputedStyle(scroll).overflowY === "visible" ? this.#dialog : scroll;
  }

  get #textarea(): HTMLTextAreaElement | null {
    return this.root.querySelector("#message");
  }

  /** Into the conversation; on a phone not into the text field, whose keyboard would hide what was said. */
  #focusStart(): void {
    if (!this.conversation.started) this.root.querySelector<HTMLElement>("#start")?.focus();
    else if (this.#phone.matches) this.root.querySelector<HTMLElement>("#heading")?.focus();
    else this.#textarea?.focus();
  }

  /** A phone turned, or the page zoomed: sheet and window change places, focus and text stay. */
  readonly #reshow = (): void => {
    const dialog = this.#dialog;
    if (!dialog?.open) return;
    const focused = this.root.activeElement as HTMLElement | null;
    dialog.close();
    if (this.#phone.matches) dialog.showModal();
    else dialog.show();
    focused?.focus();
    this.#fitKeyboard();
  };

  /** The sheet takes what the virtual keyboard leaves. */
  readonly #fitKeyboard = (): void => {
    const viewport = visualViewport;
    const dialog = this.#dialog;
    if (!viewport || !dialog) return;
    // pinch zoom is not the keyboard
    const covered = this.#phone.matches && viewport.scale < 1.05 && innerHeight - viewport.height > 80;
    dialog.style.height = covered ? `${viewport.height}px` : "";
    dialog.style.top = covered ? `${viewport.offsetTop}px` : "";
    dialog.classList.toggle("keyboard", covered);
  };

  #keptChanged(): void {
    const { session, consent } = this.host.memory.kept;
    // begun on another page or in another tab: it goes on here
    if (session && consent && !this.conversation.started) this.conversation.start();
    else this.conversation.keptChanged();
    void this.requestUpdate();
  }

  #conversationChanged(): void {
    const { connection, refusal } = this.conversation;
    const { texts } = this;
    const before = this.#connectionNote;
    if (refusal !== undefined) this.#connectionNote = `${texts.not_started} ${refusal}`;
    else if (connection === "offline") this.#connectionNote = texts.offline;
    else if (connection === "online" && before === texts.offline) this.#connectionNote = texts.online_again;
    else if (connection === "online" && before !== texts.online_again) this.#connectionNote = "";
    if (connection === "online" && this.#connectionNote === texts.online_again && before !== this.#connectionNote) {
      setTimeout(() => {
        if (this.#connectionNote === texts.online_again) this.#connectionNote = "";
        void this.requestUpdate();
      }, 4_000);
    }
    void this.requestUpdate();
  }

  #uttered(message: Uttered): void {
    // the interface follows the conversation's language until the user picks one
    const language = message.language as Language;
    if (message.from === "bot" && message.language in LANGUAGE_NAMES && language !== this.language && !this.host.memory.kept.language) {
      this.host.setLanguage(language, false);
    }
    if (message.custom.type === "handoff") {
      this.#formErrors = this.conversation.form?.errors ?? {};
      this.#formProblem = undefined;
      if (Object.keys(this.#formErrors).length) void this.requestUpdate().then(() => this.#focusError());
    }
  }

  #focusError(): void {
    const wrong = this.root.querySelector<HTMLElement>(".handoff [aria-invalid]");
    wrong?.focus();
    // messages that came meanwhile have pushed the form down
    wrong?.scrollIntoView({ block: "center" });
  }

  #updated(): void {
    const count = this.conversation.messages.length;
    if (count === this.#shown) return;
    const grew = count > this.#shown;
    this.#shown = count;
    if (grew) this.#follow();
  }

  /** Scrolls to what is new, unless the user reads further up. */
  #follow(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    const last = this.conversation.messages.at(-1);
    // the focus is on the entry that is wrong, and stays in sight
    if (last?.from !== "user" && Object.keys(this.#formErrors).length) return;
    if (last?.from === "user" || this.conversation.replaying || this.#atEnd) this.#scrollToTurn();
    else this.#unseen = !this.conversation.form;
    if (this.#unseen) void this.requestUpdate();
  }

  #atEnd = true;

  /** The user's last message at the top, so that a long answer is read from its beginning; else the end. */
  #scrollToTurn(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    const own = [...scroller.querySelectorAll<HTMLElement>(".message.user")].at(-1);
    const end = scroller.scrollHeight - scroller.clientHeight;
    const top = own ? scroller.scrollTop + own.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 12 : end;
    scroller.scrollTop = Math.min(end, top);
    this.#atEnd = true;
    this.#unseen = false;
  }

  readonly #scrolled = (): void => {
    const scroller = this.#scroller;
    if (!scroller) return;
    const end = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop < NEAR_END;
    // a turn shown from its beginning counts as followed until the user scrolls up
    this.#atEnd = end || (this.#atEnd && scroller.scrollTop >= this.#lastTop - 4);
    this.#lastTop = scroller.scrollTop;
    if (end && this.#unseen) {
      this.#unseen = false;
      void this.requestUpdate();
    }
  };

  #lastTop = 0;

  readonly #toNewest = (): void => {
    const scroller = this.#scroller;
    if (scroller) scroller.scrollTop = scroller.scrollHeight;
    this.#unseen = false;
    this.root.querySelector<HTMLElement>(".message:last-of-type")?.focus({ preventScroll: true });
    void this.requestUpdate();
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || composes(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.#endOpen) this.#closeEnd();
    else if (this.#menuOpen) this.#toggleMenu();
    else this.host.close();
  };

  /** Escape or the back gesture of a phone on the modal sheet. */
  readonly #cancelled = (event: Event): void => {
    event.preventDefault();
    if (event.target === this.#dialog) this.host.close();
  };

  readonly #toggleMenu = (): void => {
    this.#menuOpen = !this.#menuOpen;
    if (!this.#menuOpen) this.root.querySelector<HTMLElement>("#menu-button")?.focus();
    void this.requestUpdate();
  };

  readonly #agree = (): void => {
    this.host.memory.keep({ consent: new Date().toISOString() });
    this.conversation.start();
    void this.requestUpdate().then(() => this.#focusStart());
  };

  readonly #sendDraft = (): void => {
    const longest = this.conversation.confirmation?.longest ?? 2000;
    if (!this.#draft.trim() || [...this.#draft].length > longest) return;
    this.conversation.send(this.#draft);
    this.#draft = "";
    void this.requestUpdate().then(() => this.#textarea && grow(this.#textarea));
  };

  readonly #submitForm = (): void => {
    const { conversation, texts } = this;
    const { form } = conversation;
    if (!form) return;
    const values = formValues(this, form);
    this.#formProblem = undefined;
    this.#formErrors = missing(values, texts);
    if (Object.keys(this.#formErrors).length) void this.requestUpdate().then(() => this.#focusError());
    else if (conversation.connection !== "online") this.#formProblem = texts.form_offline;
    else {
      conversation.formValues = values;
      conversation.submitForm(values, texts.form_sent);
    }
    void this.requestUpdate();
  };

  #chooseLanguage(language: Language): void {
    if (language === this.language) return;
    this.host.setLanguage(language, true);
    const { handoff, started } = this.conversation;
    // asked in words, like any user would; not where the words would be taken for an entry or go to a person
    const listening = handoff?.type !== "handoff" || !["offered", "form", "with_person"].includes(handoff.state ?? "");
    if (started && listening) this.conversation.send(textsOf(language).language_request);
  }

  readonly #openEnd = (): void => {
    this.#endOpen = true;
    this.#endProblem = false;
    void this.requestUpdate().then(() => this.root.querySelector<HTMLDialogElement>("dialog.end")?.showModal());
  };

  readonly #closeEnd = (): void => {
    this.#endOpen = false;
    this.root.querySelector<HTMLDialogElement>("dialog.end")?.close();
    this.root.querySelector<HTMLElement>("#menu-button")?.focus();
    void this.requestUpdate();
  };

  async #end(erase: boolean): Promise<void> {
    if (!(await this.conversation.end(erase))) {
      this.#endProblem = true;
      void this.requestUpdate();
      return;
    }
    this.#endOpen = false;
    this.#menuOpen = false;
    this.#draft = "";
    this.host.memory.keep({ consent: undefined });
    await this.requestUpdate();
    this.root.querySelector<HTMLElement>("#start")?.focus();
  }

  readonly #saveTranscript = (): void => {
    const day = new Date().toISOString().slice(0, 10);
    save(`chat-${day}.txt`, transcript(this.conversation.messages, this.texts, this.language, this.#heading), "text/plain");
  };

  get #heading(): string {
    return this.host.heading ?? this.conversation.confirmation?.title[this.language] ?? this.texts.title;
  }

  #template(): TemplateResult {
    const { texts, conversation } = this;
    const { logo } = this.host;
    // the head has room for the name alone, not for its explanation in brackets
    const partner = conversation.confirmation?.partnerName[this.language]?.replace(/\s*[(（].*$/, "");
    return html`<dialog class="panel ${this.host.look.position === "left" ? "left" : ""}" lang=${this.language} aria-labelledby="heading" @keydown=${this.#key} @cancel=${this.#cancelled}>
      <div class="bar">
        ${logo ? html`<img class="logo" src=${logo} alt="" />` : nothing}
        <div class="names">
          <h2 id="heading" tabindex="-1">${this.#heading}</h2>
          ${partner ? html`<p>${partner}</p>` : nothing}
        </div>
        ${conversation.started
          ? html`<button
              type="button"
              id="menu-button"
              class="head"
              aria-label=${texts.menu}
              title=${texts.menu}
              aria-expanded=${this.#menuOpen ? "true" : "false"}
              aria-controls="menu"
              @click=${this.#toggleMenu}
            >
              ${icons.menu}
            </button>`
          : nothing}
        <button type="button" class="head" aria-label=${texts.close} title=${texts.close} @click=${() => this.host.close()}>${icons.close}</button>
      </div>
      <div id="menu" class="menu" ?hidden=${!this.#menuOpen}>${this.#menuOpen ? this.#menuView() : nothing}</div>
      ${conversation.started ? this.#chatView() : this.#startView()} ${this.#endOpen ? this.#endView() : nothing}
    </dialog>`;
  }

  #languagesView(): TemplateResult {
    return html`<div class="languages" role="group" aria-label=${this.texts.language}>
      ${Object.entries(LANGUAGE_NAMES).map(
        ([language, name]) =>
          html`<button type="button" lang=${language} aria-pressed=${language === this.language ? "true" : "false"} @click=${() => this.#chooseLanguage(language as Language)}>
            ${name}
          </button>`,
      )}
    </div>`;
  }

  #startView(): TemplateResult {
    return html`<div class="scroll">
      ${startView({
        texts: this.texts,
        ending: this.conversation.ending,
        privacyUrl: this.host.privacyUrl,
        languages: this.#languagesView(),
      })}
      </div>
      <div class="foot actions">
        <button type="button" class="primary" @click=${this.#agree}>${this.texts.consent_agree}</button>
        <button type="button" class="secondary" @click=${() => this.host.close()}>${this.texts.consent_decline}</button>
      </div>`;
  }

  #menuView(): TemplateResult {
    const { texts } = this;
    return html`<p class="label">${texts.language}</p>
      ${this.#languagesView()}
      <button type="button" class="item" @click=${this.#saveTranscript}>${icons.save}${texts.menu_save}</button>
      <button
        type="button"
        class="item"
        aria-expanded=${this.#noteOpen ? "true" : "false"}
        @click=${() => {
          this.#noteOpen = !this.#noteOpen;
          void this.requestUpdate();
        }}
      >
        ${icons.notice}${texts.menu_privacy}
      </button>
      ${this.#noteOpen ? html`<div class="notebox">${privacyNote(texts, this.host.privacyUrl)}</div>` : nothing}
      <button type="button" class="item" @click=${this.#openEnd}>${icons.end}${texts.menu_end}</button>`;
  }

  #chatView(): TemplateResult {
    const { texts, conversation } = this;
    const { messages, form, typing, connection } = conversation;
    const latest = messages.findLast((message) => message.from !== "user");
    const stop = conversation.handoff?.state === "with_person";
    const writes = typing === "person" ? texts.typing_person : texts.typing_bot;
    return html`<div class="banner ${connection}" role="status">
        ${connection === "connecting" ? html`<p>${texts.connecting}</p>` : this.#connectionNote ? html`<p>${connection === "offline" ? icons.offline : icons.check}${this.#connectionNote}</p>` : nothing}
        ${connection === "offline" ? html`<button type="button" class="small" @click=${conversation.tryNow}>${texts.try_now}</button>` : nothing}
      </div>
      ${stop ? html`<p class="taken">${icons.person}${texts.with_person}</p>` : nothing}
      <div class="scroll" role="group" aria-label=${texts.log} tabindex="0" @scroll=${this.#scrolled}>
        <div
          class="log"
          role="log"
          aria-label=${texts.log}
          aria-live=${conversation.replaying ? "off" : "polite"}
          aria-relevant="additions"
          aria-busy=${conversation.replaying ? "true" : "false"}
        >
          ${repeat(
            messages,
            (message) => message.key,
            (message, index) => messageView(this, message, messages[index - 1], message === latest),
          )}
        </div>
        <div class="typing" role="status">
          ${typing ? html`<p class=${typing} aria-hidden=${typing === "bot" ? "true" : nothing}><span class="dots"><i></i><i></i><i></i></span>${writes}</p>` : nothing}
        </div>
        ${form ? formView(this, form, this.#formErrors, this.#formProblem, this.#submitForm) : nothing}
      </div>
      <div class="foot">
        ${this.#unseen ? html`<button type="button" class="newest" @click=${this.#toNewest}>${icons.down}${texts.to_newest}</button>` : nothing}
        ${composerView({
          texts,
          draft: this.#draft,
          longest: conversation.confirmation?.longest ?? 2000,
          typed: (draft) => {
            this.#draft = draft;
            conversation.tellTyping();
            void this.requestUpdate();
          },
          send: this.#sendDraft,
        })}
      </div>`;
  }

  #endView(): TemplateResult {
    const { texts } = this;
    return html`<dialog class="end" aria-labelledby="end-title" aria-describedby="end-text" @cancel=${this.#closeEnd}>
      <h3 id="end-title">${texts.end_question}</h3>
      <p id="end-text">${texts.end_explain}</p>
      <p class="problem ${this.#endProblem ? "on" : ""}" role="alert">${this.#endProblem ? texts.end_failed : nothing}</p>
      <div class="actions">
        <button type="button" class="primary" @click=${() => void this.#end(true)}>${texts.end_erase}</button>
        <button type="button" class="secondary" @click=${() => void this.#end(false)}>${texts.end_only}</button>
        <button type="button" class="secondary" @click=${this.#closeEnd}>${texts.cancel}</button>
      </div>
    </dialog>`;
  }
}

if (!customElements.get("nrw-chat-panel")) customElements.define("nrw-chat-panel", NrwChatPanel);
