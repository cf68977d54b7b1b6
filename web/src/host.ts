/** What the panel asks of the element around it. Types only: the panel must not pull the launcher in a second time. */

import type { Language } from "./language.js";
import type { Look } from "./look.js";
import type { Memory } from "./memory.js";

export interface Host extends HTMLElement {
  readonly memory: Memory;
  /** Origin of the assistant's server. */
  readonly server: string;
  readonly language: Language;
  /** The partner's own title, if one is set by attribute. */
  readonly heading: string | undefined;
  readonly look: Look;
  readonly logo: string | undefined;
  readonly privacyUrl: string | undefined;
  /** Takes the look that the server told for this site; attributes go before it. */
  setSiteLook(look: Look): void;
  setLanguage(language: Language, chosen: boolean): void;
  close(): void;
  /** Adds a style sheet in a way that a strict Content-Security-Policy allows. */
  adopt(root: ShadowRoot, text: string): unknown;
}

/** What the launcher asks of the panel. */
export interface Panel extends HTMLElement {
  host: Host;
  /** Shows the panel; moves the focus into it unless it opens by itself after a change of page. */
  show(focus: boolean): void;
  hide(): void;
  /** Look or language of the host have changed. */
  refresh(): void;
}
