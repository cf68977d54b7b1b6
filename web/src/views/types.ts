/** What the views need of the panel. */

import type { Conversation } from "../conversation.js";
import type { Language } from "../language.js";
import type { Texts } from "../texts.js";

export interface View {
  readonly conversation: Conversation;
  readonly texts: Texts;
  readonly language: Language;
  readonly root: ShadowRoot;
}
