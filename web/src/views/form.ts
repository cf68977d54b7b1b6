/** The handoff form: labels, autocomplete, and the server's words beside each entry that is wrong. */

import { html, nothing, type TemplateResult } from "lit/html.js";
import { emptyForm, type HandoffForm } from "../conversation.js";
import { FORM_FIELDS, type FormField, type FormValues } from "../protocol.js";
import { fill, type Texts } from "../texts.js";
import type { View } from "./types.js";

interface Entry {
  type: "text" | "email" | "tel" | "area";
  autocomplete: string;
  required: boolean;
  hint?: keyof Texts;
}

const ENTRIES: Record<FormField, Entry> = {
  company: { type: "text", autocomplete: "organization", required: true, hint: "form_company_hint" },
  contact_name: { type: "text", autocomplete: "name", required: true },
  email: { type: "email", autocomplete: "email", required: false },
  phone: { type: "tel", autocomplete: "tel", required: false, hint: "form_phone_hint" },
  municipality: { type: "text", autocomplete: "address-level2", required: false, hint: "form_municipality_hint" },
  concern: { type: "area", autocomplete: "off", required: true, hint: "form_concern_hint" },
};

/** What can be told without asking the server. */
export function missing(values: FormValues, texts: Texts): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const name of FORM_FIELDS) if (ENTRIES[name].required && !values[name].trim()) errors[name] = texts.form_required;
  if (!values.email.trim() && !values.phone.trim()) errors["email"] = texts.form_contact_needed;
  return errors;
}

export function formValues(view: View, form: HandoffForm): FormValues {
  return { ...emptyForm(), concern: form.suggestion, ...view.conversation.formValues };
}

export function formView(view: View, form: HandoffForm, errors: Record<string, string>, problem: string | undefined, submit: () => void): TemplateResult {
  const { texts } = view;
  const values = formValues(view, form);
  const wrong = FORM_FIELDS.filter((name) => errors[name]);
  const told = problem ?? (wrong.length ? (wrong.length === 1 ? texts.form_errors_one : fill(texts.form_errors, { count: wrong.length })) : undefined);
  const submitted = (event: SubmitEvent): void => {
    event.preventDefault();
    submit();
  };
  return html`<form class="handoff" aria-labelledby="form-title" novalidate @submit=${submitted}>
    <h3 id="form-title">${texts.form_title}</h3>
    <p>${texts.form_intro}</p>
    <p class="problem ${told ? "on" : ""}" role="alert">${told ?? nothing}</p>
    ${FORM_FIELDS.map((name) => entryView(view, name, values[name], errors[name]))}
    <button type="submit" class="primary">${texts.form_send}</button>
  </form>`;
}

function entryView(view: View, name: FormField, value: string, error: string | undefined): TemplateResult {
  const { texts } = view;
  const entry = ENTRIES[name];
  const id = `entry-${name}`;
  const described = [error && `${id}-error`, entry.hint && `${id}-hint`].filter(Boolean).join(" ");
  const input = (event: Event): void => {
    view.conversation.formValues[name] = (event.target as HTMLInputElement).value;
  };
  const common = {
    describedBy: described || nothing,
    invalid: error ? "true" : nothing,
    required: entry.required ? "true" : nothing,
  };
  return html`<div class="entry ${error ? "wrong" : ""}">
    <label for=${id}>${texts[`form_${name}`]}${name === "municipality" ? html` <span class="optional">(${texts.form_optional})</span>` : nothing}</label>
    ${entry.hint ? html`<p class="hint" id="${id}-hint">${texts[entry.hint]}</p>` : nothing}
    ${entry.type === "area"
      ? html`<textarea
          id=${id}
          name=${name}
          rows="4"
          maxlength="2000"
          autocomplete=${entry.autocomplete}
          aria-describedby=${common.describedBy}
          aria-invalid=${common.invalid}
          aria-required=${common.required}
          .value=${value}
          @input=${input}
        ></textarea>`
      : html`<input
          id=${id}
          name=${name}
          type=${entry.type}
          maxlength="2000"
          autocomplete=${entry.autocomplete as "name"}
          aria-describedby=${common.describedBy}
          aria-invalid=${common.invalid}
          aria-required=${common.required}
          .value=${value}
          @input=${input}
        />`}
    ${error ? html`<p class="error" id="${id}-error">${error}</p>` : nothing}
  </div>`;
}
