/** One message of the log: who speaks, what is said, where it comes from, and the ways on. */

import { html, nothing, type TemplateResult } from "lit/html.js";
import { guard } from "lit/directives/guard.js";
import { checklistOf, sourcesOf, type Button } from "../protocol.js";
import type { Message } from "../conversation.js";
import { checklistHtml, checklistText, print, save, type Checklist } from "../download.js";
import { icons } from "../icons.js";
import { destination, rendered } from "../markdown.js";
import { fill, LANGUAGE_NAMES, shownDate, shownTime, speakerName } from "../texts.js";
import type { View } from "./types.js";

/** Buttons that answer a step of a form: they have no meaning once the step is over. */
const STEPS = ["affirm", "deny", "skip", "cancel", "correct"];
const AVATARS = { bot: icons.program, person: icons.person, system: icons.notice, user: nothing };

export function messageView(view: View, message: Message, previous: Message | undefined, latest: boolean): TemplateResult | typeof nothing {
  // a change of state alone, such as "a person reads along now"
  if (!message.text && !message.buttons.length && !checklistOf(message.custom)) return nothing;
  const { texts, language } = view;
  const name = speakerName(message, texts);
  const follows = previous !== undefined && previous.from === message.from && speakerName(previous, texts) === name;
  return html`<div class="message ${message.from} ${message.status} ${follows ? "follows" : ""}" data-key=${message.key} tabindex="-1">
    <p class="speaker ${follows ? "sr" : ""}">
      ${AVATARS[message.from]}<span class="name">${name}</span>
      <time datetime=${message.at}>${shownTime(message.at, language)}</time>
    </p>
    ${message.text ? html`<div class="body" lang=${message.language || nothing}>${body(message, texts.new_window)}</div>` : nothing}
    ${checklistView(view, message)} ${originView(view, message)} ${buttonsView(view, message, latest)} ${statusView(view, message)}
  </div>`;
}

function body(message: Message, newWindow: string): unknown {
  return message.from === "user" ? message.text : safe(message.text, newWindow);
}

/** Nodes of a text, made once for as long as it stays the same: a screen reader would announce new ones again. */
function safe(text: string, newWindow: string): unknown {
  return guard([text, newWindow], () => [...rendered(text, newWindow).childNodes]);
}

function originView({ texts, language }: View, message: Message): TemplateResult | typeof nothing {
  const sources = sourcesOf(message.custom);
  const reviewed = message.custom["reviewed_on"];
  if (message.custom.type !== "answer" || (!sources.length && !reviewed)) return nothing;
  return html`<div class="origin">
    ${sources.length
      ? html`<p class="label" id=${`sources-${message.id}`}>${texts.sources}</p>
          <ul aria-labelledby=${`sources-${message.id}`}>
            ${sources.map(
              (source) => html`<li lang=${message.language || nothing}>
                <a href=${source.url} target="_blank" rel="noopener noreferrer nofollow"
                  >${source.title || source.url}<span class="where"> (${destination(source.url)})</span><span class="sr"> (${texts.new_window})</span></a
                >
              </li>`,
            )}
          </ul>`
      : nothing}
    ${typeof reviewed === "string" ? html`<p class="reviewed">${icons.check}${fill(texts.reviewed_on, { date: shownDate(reviewed, language) })}</p>` : nothing}
  </div>`;
}

function buttonsView(view: View, message: Message, latest: boolean): TemplateResult | typeof nothing {
  if (!message.buttons.length) return nothing;
  const { texts } = view;
  const answer = message.custom.type === "answer";
  const of = (...intents: string[]): Button[] => message.buttons.filter((button) => intents.includes(button.intent));
  const related = answer ? of("show_topic") : [];
  const feedback = answer ? of("feedback") : [];
  const languages = of("set_language");
  const rest = message.buttons.filter((button) => ![...related, ...feedback, ...languages].includes(button));
  const group = (name: string, label: string, shown: boolean, buttons: Button[]): TemplateResult | typeof nothing =>
    buttons.length
      ? html`<div class="choices ${name}" role="group" aria-label=${label}>
          ${shown ? html`<p class="label" aria-hidden="true">${label}</p>` : nothing}
          ${buttons.map((button) => buttonView(view, message, button, latest))}
        </div>`
      : nothing;
  return html`${group("related", texts.related, true, related)} ${group("general", texts.choices, false, rest)}
  ${group("languages", texts.language, false, languages)} ${group("feedback", texts.was_helpful, true, feedback)}`;
}

function buttonView(view: View, message: Message, button: Button, latest: boolean): TemplateResult {
  const step = STEPS.includes(button.intent);
  const once = step || button.intent === "feedback";
  const pressed = message.pressed === button.payload;
  const over = (step && !latest) || (once && message.pressed !== undefined);
  const sends = button.intent === "affirm" && message.custom.field === "confirm";
  const language = Object.entries(LANGUAGE_NAMES).find(([, name]) => name === button.title)?.[0];
  const press = (): void => {
    // asked anew: the second of two quick presses comes before the next rendering
    if (!over && !(once && message.pressed !== undefined)) view.conversation.send(button.title, { message, payload: button.payload });
  };
  const feedback = button.intent === "feedback" && message.custom.type === "answer";
  const first = message.buttons.findIndex((each) => each.intent === "feedback");
  const mark = feedback ? (message.buttons[first] === button ? icons.up : icons.thumbDown) : button.intent === "talk_to_person" ? icons.person : nothing;
  return html`<button
    type="button"
    class="choice ${button.intent} ${pressed ? "pressed" : ""} ${sends && !over ? "primary" : ""}"
    lang=${language ?? (message.language || nothing)}
    aria-disabled=${over ? "true" : nothing}
    @click=${press}
  >
    ${pressed ? icons.check : mark}<span>${button.title}</span>
  </button>`;
}

function statusView(view: View, message: Message): TemplateResult | typeof nothing {
  const { texts, conversation } = view;
  const failed = message.status === "failed";
  if (message.status === "sent" || (!failed && !message.problem && conversation.connection === "online")) return nothing;
  const state = failed ? texts.status_failed : texts.status_waiting;
  return html`<div class="state">
    <p>${failed ? icons.offline : nothing}${state}${message.problem ? html`<span>${message.problem}</span>` : nothing}</p>
    ${failed
      ? html`<button type="button" class="small" @click=${() => conversation.retry(message)}>${texts.retry}</button>
          <button type="button" class="small" @click=${() => conversation.discard(message)}>${texts.discard}</button>`
      : nothing}
  </div>`;
}

function checklistView(view: View, message: Message): TemplateResult | typeof nothing {
  const checklist: Checklist | undefined = checklistOf(message.custom);
  if (!checklist?.items.length) return nothing;
  const { texts, language, root } = view;
  const name = checklist.title.replace(/[\\/:*?"<>|\s]+/g, "-").slice(0, 60) || "checklist";
  return html`<section class="checklist" aria-label=${checklist.title} lang=${message.language || nothing}>
    <h3>${checklist.title}</h3>
    <ol>
      ${checklist.items.map(
        (item) => html`<li>
          <p class="step">${item.title}${item.when ? html` <span class="when">${item.when}</span>` : nothing}</p>
          ${item.text ? html`<div class="detail">${safe(item.text, texts.new_window)}</div>` : nothing}
        </li>`,
      )}
    </ol>
    <div class="tools" lang=${language}>
      <button type="button" class="small" @click=${() => save(`${name}.txt`, checklistText(checklist), "text/plain")}>${icons.save}${texts.checklist_text}</button>
      <button type="button" class="small" @click=${() => save(`${name}.html`, checklistHtml(checklist, texts, language), "text/html")}>
        ${icons.save}${texts.checklist_html}
      </button>
      <button type="button" class="small" @click=${() => print(checklist, texts, language, root)}>${icons.print}${texts.checklist_print}</button>
    </div>
  </section>`;
}
