/** Files made in the browser: the transcript, and the checklist to save or print. Nothing goes to a server. */

import type { Message } from "./conversation.js";
import { checklistOf, sourcesOf, type ChecklistItem } from "./protocol.js";
import type { Language } from "./language.js";
import { fill, shownDate, shownTime, speakerName, type Texts } from "./texts.js";

export interface Checklist {
  title: string;
  items: ChecklistItem[];
}

/** Hands a file to the user. */
export function save(name: string, content: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function plain(text: string): string {
  return text.replace(/\*\*([^*]+)\*\*/g, "$1").replace(/\[([^\]]+)\]\(([^)]+)\)/g, "$1 ($2)");
}

/** The conversation as plain text: who, when, what, with sources. */
export function transcript(messages: readonly Message[], texts: Texts, language: Language, title: string): string {
  const parts = messages
    .filter((message) => message.status === "sent")
    .map((message) => {
      const lines = [`[${shownTime(message.at, language)}] ${speakerName(message, texts)}`, plain(message.text)];
      const sources = sourcesOf(message.custom);
      if (sources.length) lines.push(`${texts.sources}:`, ...sources.map((source) => `- ${source.title}: ${source.url}`));
      const reviewed = message.custom["reviewed_on"];
      if (typeof reviewed === "string") lines.push(fill(texts.reviewed_on, { date: shownDate(reviewed, language) }));
      const checklist = checklistOf(message.custom);
      if (checklist) lines.push(checklistText(checklist));
      return lines.join("\n");
    });
  const first = messages[0]?.at ?? new Date().toISOString();
  return `${title}\n${texts.transcript_title}, ${shownDate(first, language)}\n\n${parts.join("\n\n")}\n`;
}

export function checklistText(checklist: Checklist): string {
  const items = checklist.items.map((item) => [`[ ] ${[item.when, item.title].filter(Boolean).join(" – ")}`, ...(item.text ? [`    ${plain(item.text).replace(/\n/g, "\n    ")}`] : [])].join("\n"));
  return `${checklist.title}\n\n${items.join("\n\n")}\n`;
}

const PAPER = `body{font:11pt/1.5 system-ui,"Noto Sans","Noto Sans JP","Noto Sans CJK JP","Hiragino Sans",sans-serif;max-width:44em;margin:2em auto;padding:0 1em;color:#111;background:#fff}
h1{font-size:1.5em;line-height:1.25}ol{list-style:none;padding:0}li{margin:0 0 1em;padding-left:2em;position:relative;break-inside:avoid}
li::before{content:"";position:absolute;left:0;top:.2em;width:1em;height:1em;border:1.5px solid #111}
h2{font-size:1em;margin:0}p{margin:.2em 0 0;white-space:pre-line}.when{color:#444}`;

/** The checklist as a document of its own. */
function paper(checklist: Checklist, texts: Texts, language: Language, page: Document): void {
  page.documentElement.lang = language;
  page.title = checklist.title;
  const add = (parent: Element, tag: string, content: string, name?: string): Element => {
    const element = page.createElement(tag);
    element.textContent = content;
    if (name) element.className = name;
    return parent.appendChild(element);
  };
  add(page.body, "h1", checklist.title);
  const list = add(page.body, "ol", "");
  for (const item of checklist.items) {
    const entry = add(list, "li", "");
    add(entry, "h2", item.title);
    if (item.when) add(entry, "p", item.when, "when");
    if (item.text) add(entry, "p", plain(item.text));
  }
  add(page.body, "p", fill(texts.checklist_stand, { date: shownDate(new Date().toISOString(), language) }), "when");
}

export function checklistHtml(checklist: Checklist, texts: Texts, language: Language): string {
  const page = document.implementation.createHTMLDocument("");
  const charset = page.createElement("meta");
  charset.setAttribute("charset", "utf-8");
  page.head.prepend(charset);
  paper(checklist, texts, language, page);
  // put in as text: as an element it would fall under the page's Content-Security-Policy even here
  const html = page.documentElement.outerHTML.replace("</head>", `<style>${PAPER}</style></head>`);
  return `<!doctype html>\n${html}\n`;
}

/** Prints the checklist alone, in a frame that a strict policy allows: no inline style, no address to load. */
export function print(checklist: Checklist, texts: Texts, language: Language, root: ShadowRoot): void {
  root.querySelector("iframe.paper")?.remove();
  const frame = document.createElement("iframe");
  frame.className = "paper";
  frame.title = checklist.title;
  frame.tabIndex = -1;
  frame.setAttribute("aria-hidden", "true");
  root.append(frame);
  const view = frame.contentWindow as (Window & typeof globalThis) | null;
  if (!view) return;
  paper(checklist, texts, language, view.document);
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(PAPER);
  view.document.adoptedStyleSheets = [sheet];
  view.print();
}
