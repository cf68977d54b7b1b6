/** What stands before the conversation: who answers, what is kept, and the user's consent. */

import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Ending } from "../conversation.js";
import { destination } from "../markdown.js";
import type { Texts } from "../texts.js";

export interface Start {
  texts: Texts;
  ending: Ending | undefined;
  privacyUrl: string | undefined;
  languages: TemplateResult;
}

export function privacyNote(texts: Texts, privacyUrl: string | undefined): TemplateResult {
  return html`<ul class="note">
      <li>${texts.consent_program}</li>
      <li>${texts.consent_stored}</li>
      <li>${texts.consent_browser}</li>
      <li>${texts.consent_no_personal}</li>
    </ul>
    ${privacyUrl
      ? html`<p>
          <a href=${privacyUrl} target="_blank" rel="noopener"
            >${texts.consent_more}<span class="where"> (${destination(privacyUrl)})</span><span class="sr"> (${texts.new_window})</span></a
          >
        </p>`
      : nothing}`;
}

export function startView({ texts, ending, privacyUrl, languages }: Start): TemplateResult {
  return html`<div class="start">
    ${ending ? html`<p class="ended" role="status">${ending === "erased" ? texts.erased : texts.ended}</p>` : nothing}
    ${languages}
    <h3 id="start" tabindex="-1">${texts.consent_heading}</h3>
    ${privacyNote(texts, privacyUrl)}
  </div>`;
}
