/** Where the user types. Enter sends, but never while an input method composes. */

import { html, nothing, type TemplateResult } from "lit/html.js";
import { icons } from "../icons.js";
import { fill, type Texts } from "../texts.js";

export interface Composer {
  texts: Texts;
  draft: string;
  longest: number;
  typed: (draft: string) => void;
  send: () => void;
}

/** Whether a key press is one of an input method. Safari tells the confirming Enter after the composition has ended,
 * with the key code 229 (UI Events, section "Input Method Editors"). */
export function composes(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

export function composerView({ texts, draft, longest, typed, send }: Composer): TemplateResult {
  const left = longest - [...draft].length;
  const told = left < 0 ? fill(texts.too_long, { over: -left, most: longest }) : left <= longest / 10 ? fill(texts.left, { left }) : "";
  const key = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
    event.preventDefault();
    send();
  };
  const input = (event: Event): void => {
    const area = event.target as HTMLTextAreaElement;
    grow(area);
    typed(area.value);
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    send();
  };
  return html`<form class="composer" @submit=${submit}>
    <label class="sr" for="message">${texts.composer_label}</label>
    <p class="sr" id="message-keys">${texts.composer_keys}</p>
    <div class="line">
      <textarea
        id="message"
        rows="1"
        autocomplete="off"
        enterkeyhint="send"
        placeholder=${texts.composer_hint}
        aria-describedby="message-keys message-left"
        aria-invalid=${left < 0 ? "true" : nothing}
        .value=${draft}
        @keydown=${key}
        @input=${input}
      ></textarea>
      <button type="submit" class="send" aria-label=${texts.send} title=${texts.send} aria-disabled=${left < 0 || !draft.trim() ? "true" : nothing}>${icons.send}</button>
    </div>
    <p class="count ${left < 0 ? "over" : ""}" id="message-left" role="status">${told}</p>
  </form>`;
}

/** Fits the height to the text; the style sheet sets the most. */
export function grow(area: HTMLTextAreaElement): void {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}
