/** The messages between widget and server, as docs/embedding.md tells them; whatever arrives is read with suspicion. */

import type { Look } from "./look.js";

export type Speaker = "bot" | "person" | "user" | "system";

export interface Button {
  title: string;
  payload: string;
  intent: string;
}

export interface Source {
  title: string;
  url: string;
}

export interface ChecklistItem {
  title: string;
  text: string;
  topic?: string | undefined;
  when?: string | undefined;
}

export interface Custom {
  type?: string;
  state?: string;
  field?: string;
  [field: string]: unknown;
}

export interface Uttered {
  id: number;
  from: Speaker;
  text: string;
  language: string;
  buttons: Button[];
  custom: Custom;
  at: string;
  partnerName: string;
  clientId: string | undefined;
}

export interface Confirmation {
  session: string;
  resumed: boolean;
  lastId: number;
  look: Look;
  title: Record<string, string>;
  partnerName: Record<string, string>;
  longest: number;
}

export interface Ack {
  status: string;
  text: string | undefined;
  id: number | undefined;
}

export const FORM_FIELDS = ["company", "contact_name", "email", "phone", "municipality", "concern"] as const;
export type FormField = (typeof FORM_FIELDS)[number];
export type FormValues = Record<FormField, string>;

type Fields = Record<string, unknown>;

const SPEAKERS: readonly string[] = ["bot", "person", "user", "system"];
const LONGEST_TEXT = 2000;

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Texts by language; anything else in the object is left out. */
export function strings(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(fields(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== ""));
}

export function readUttered(value: unknown): Uttered | undefined {
  const data = fields(value);
  const id = number(data["id"]);
  if (id === undefined) return undefined;
  const from = text(data["from"]);
  return {
    id,
    from: SPEAKERS.includes(from) ? (from as Speaker) : "bot",
    text: text(data["text"]),
    language: text(data["language"]),
    buttons: list(data["buttons"]).map(readButton).filter((button) => button.title && button.payload),
    custom: fields(data["custom"]) as Custom,
    at: text(data["at"]),
    partnerName: text(data["partner_name"]),
    clientId: text(data["client_id"]) || undefined,
  };
}

function readButton(value: unknown): Button {
  const data = fields(value);
  return { title: text(data["title"]), payload: text(data["payload"]), intent: text(data["intent"]) };
}

export function readConfirmation(value: unknown): Confirmation | undefined {
  const data = fields(value);
  const session = text(data["session"]);
  if (!session) return undefined;
  const site = fields(data["site"]);
  return {
    session,
    resumed: data["resumed"] === true,
    lastId: number(data["last_id"]) ?? 0,
    look: fields(site["look"]) as Look,
    title: strings(fields(site["texts"])["title"]),
    partnerName: strings(site["partner_name"]),
    longest: number(fields(data["limits"])["text"]) ?? LONGEST_TEXT,
  };
}

export function readAck(value: unknown): Ack {
  const data = fields(value);
  return { status: text(data["status"]) || "fault", text: text(data["text"]) || undefined, id: number(data["id"]) };
}

export function sourcesOf(custom: Custom): Source[] {
  return list(custom["sources"])
    .map((each) => ({ title: text(fields(each)["title"]), url: text(fields(each)["url"]) }))
    .filter(({ url }) => /^https?:\/\//i.test(url));
}

export function checklistOf(custom: Custom): { title: string; items: ChecklistItem[] } | undefined {
  if (custom.type !== "checklist") return undefined;
  const items = list(custom["items"]).map((each) => {
    const item = fields(each);
    return { title: text(item["title"]), text: text(item["text"]), topic: text(item["topic"]) || undefined, when: text(item["when"]) || undefined };
  });
  return { title: text(custom["title"]), items: items.filter((item) => item.title || item.text) };
}
