import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import de from "../src/texts/de.json" with { type: "json" };
import en from "../src/texts/en.json" with { type: "json" };
import ja from "../src/texts/ja.json" with { type: "json" };
import { fill, shownDate, speakerName, textsOf } from "../src/texts.js";

const ALL: Record<string, Record<string, string>> = { de, en, ja };
const source = (folder: string): string =>
  readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? source(`${folder}/${entry.name}`) : entry.name.endsWith(".ts") ? readFileSync(`${folder}/${entry.name}`, "utf-8") : ""))
    .join("\n");

describe("texts", () => {
  test.each(["en", "ja"])("%s has the names of de, none missing and none more", (language) => {
    expect(Object.keys(ALL[language]!)).toEqual(Object.keys(de));
  });

  test.each(Object.keys(ALL))("%s has no empty text, and the same places to fill in", (language) => {
    for (const [name, text] of Object.entries(ALL[language]!)) {
      expect(text.trim(), name).toBe(text);
      expect(text, name).not.toBe("");
      expect(text.match(/\{\w+\}/g)?.sort() ?? [], name).toEqual((de as Record<string, string>)[name]!.match(/\{\w+\}/g)?.sort() ?? []);
    }
  });

  test("each is used", () => {
    const code = source("src");
    const unused = Object.keys(de).filter((name) => !code.includes(name) && !name.startsWith("form_"));
    expect(unused).toEqual([]);
  });

  test("Japanese is polite and German formal", () => {
    for (const [name, text] of Object.entries(ja)) if (text.endsWith("。")) expect(text, name).toMatch(/(す|せん|した|か|さい)。$/);
    for (const [name, text] of Object.entries(de)) expect(text, name).not.toMatch(/\b(du|dein|dir|dich)\b/i);
  });

  test("are handed out by language without those of the launcher", () => {
    expect(textsOf("ja").send).toBe(ja.send);
    expect(Object.keys(textsOf("de"))).not.toContain("launcher_label");
  });

  test("fill, dates and speakers", () => {
    expect(fill("{over} von {most}, {other}", { over: 3, most: 5 })).toBe("3 von 5, {other}");
    expect(shownDate("2026-11-03", "de")).toBe("3. November 2026");
    expect(shownDate("2026-11-03", "ja")).toBe("2026年11月3日");
    expect(shownDate("not a date", "en")).toBe("not a date");
    expect(speakerName({ from: "person", partnerName: "Krefeld" }, textsOf("en"))).toBe("Person at: Krefeld");
    expect(speakerName({ from: "person", partnerName: "" }, textsOf("en"))).toBe("Person");
    expect(speakerName({ from: "bot", partnerName: "" }, textsOf("ja"))).toBe("アシスタント（プログラム）");
  });
});
