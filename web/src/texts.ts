/** The words of the interface. */

import { names, words } from "virtual:texts";
import type de from "./texts/de.json";
import type { Language } from "./language.js";

export type Texts = typeof de;

const NAMES = names.split(" ");

/** Each language's own name, in its own script. */
export const LANGUAGE_NAMES: Record<Language, string> = { de: "Deutsch", ja: "日本語", en: "English" };

const made: Partial<Record<Language, Texts>> = {};

export function textsOf(language: Language): Texts {
  return (made[language] ??= Object.fromEntries(NAMES.map((name, index) => [name, words[language][index]])) as Texts);
}

/** Puts values into the places in braces. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

const LOCALES: Record<Language, string> = { de: "de-DE", ja: "ja-JP", en: "en-GB" };

export function shownDate(value: string, language: Language): string {
  const date = new Date(value);
  return Number.isNaN(date.valueOf()) ? value : date.toLocaleDateString(LOCALES[language], { dateStyle: "long" });
}

export function shownTime(value: string, language: Language): string {
  const date = new Date(value);
  return Number.isNaN(date.valueOf()) ? "" : date.toLocaleTimeString(LOCALES[language], { hour: "2-digit", minute: "2-digit" });
}

/** Who speaks, in words. */
export function speakerName(message: { from: string; partnerName: string }, texts: Texts): string {
  if (message.from === "user") return texts.speaker_user;
  if (message.from === "system") return texts.speaker_system;
  if (message.from === "bot") return texts.speaker_bot;
  return message.partnerName ? fill(texts.speaker_person_of, { partner: message.partnerName }) : texts.speaker_person;
}
