/** The part of Markdown that the assistant uses (paragraphs, bold, lists, links), made into safe nodes. */

import DOMPurify, { type Config } from "dompurify";

const ALLOWED: Config & { RETURN_DOM_FRAGMENT: true } = {
  ALLOWED_TAGS: ["p", "br", "strong", "em", "ul", "ol", "li", "a"],
  ALLOWED_ATTR: ["href", "start"],
  // a number, which the rule for addresses below would refuse
  ADD_URI_SAFE_ATTR: ["start"],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:|tel:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

const ITEM = /^\s*(?:[-*•]|(\d{1,3})[.)])\s+(.*)$/;
// a link as Markdown, or an address in the text; angle brackets and quotes are entities by then
const LINK = /\[([^\]\n]{1,300})\]\(((?:https?:\/\/|mailto:|tel:)[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)|(https?:\/\/[^\s<>()[\]（）「」、。]+[^\s<>()[\]（）「」、。.,;:!?'])/gi;

/** HTML of a text. Not safe by itself: only `rendered` hands it out. */
function html(text: string): string {
  const out: string[] = [];
  let list: "ul" | "ol" | undefined;
  let lines: string[] = [];
  const paragraph = (): void => {
    if (lines.length) out.push(`<p>${lines.map(inline).join("<br>")}</p>`);
    lines = [];
  };
  const endList = (): void => {
    if (list) out.push(`</${list}>`);
    list = undefined;
  };
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    const item = ITEM.exec(line);
    if (item) {
      paragraph();
      const kind = item[1] ? "ol" : "ul";
      if (list !== kind) {
        endList();
        out.push(item[1] ? `<ol start="${Number(item[1])}">` : "<ul>");
        list = kind;
      }
      out.push(`<li>${inline(item[2] ?? "")}</li>`);
      continue;
    }
    if (!line.trim()) {
      paragraph();
      // numbered items may stand apart by an empty line: the list goes on until other text comes
      continue;
    }
    endList();
    lines.push(line.replace(/^#{1,6}\s+(.*)$/, "**$1**"));
  }
  paragraph();
  endList();
  return out.join("");
}

function inline(text: string): string {
  const parts: string[] = [];
  let end = 0;
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  for (const match of escaped.matchAll(LINK)) {
    parts.push(emphasis(escaped.slice(end, match.index)));
    const [whole, label, marked, bare] = match;
    parts.push(`<a href="${marked ?? bare}">${label ? emphasis(label) : bare}</a>`);
    end = match.index + whole.length;
  }
  parts.push(emphasis(escaped.slice(end)));
  return parts.join("");
}

function emphasis(text: string): string {
  return text.replace(/\*\*(\S(?:[^*]*\S)?)\*\*/g, "<strong>$1</strong>").replace(/(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])/g, "<em>$1</em>");
}

/** Where a link leads, in words: the host, or the mailbox or number. Unicode look-alikes show as `xn--`. */
export function destination(href: string): string {
  try {
    const url = new URL(href);
    return url.protocol === "mailto:" || url.protocol === "tel:" ? decodeURI(url.pathname) : url.host;
  } catch {
    return "";
  }
}

/** Safe nodes of a text from bot or staff. Links open in a new window, give nothing away and say where they lead. */
export function rendered(text: string, newWindow: string): DocumentFragment {
  const fragment = DOMPurify.sanitize(html(text), ALLOWED);
  for (const link of fragment.querySelectorAll("a")) {
    if (!link.hasAttribute("href")) link.replaceWith(...link.childNodes);
    else prepareLink(link, newWindow);
  }
  return fragment;
}

/** Makes a link safe to follow and adds its destination, unless its text is that already. */
export function prepareLink(link: HTMLAnchorElement, newWindow: string): void {
  const href = link.getAttribute("href") ?? "";
  const where = destination(href);
  const shown = (link.textContent ?? "").trim().replace(/^https?:\/\//i, "").replace(/\/$/, "");
  const web = /^https?:/i.test(href);
  if (web) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  const same = shown === where || (web && href.replace(/^https?:\/\//i, "").replace(/\/$/, "") === shown);
  if (where && !same) {
    const host = document.createElement("span");
    host.className = "where";
    host.textContent = ` (${where})`;
    link.append(host);
  }
  if (web) {
    const note = document.createElement("span");
    note.className = "sr";
    note.textContent = ` (${newWindow})`;
    link.append(note);
  }
}
