import { describe, expect, test } from "vitest";
import { destination, rendered } from "../src/markdown.js";

const html = (text: string): string => {
  const box = document.createElement("div");
  box.append(rendered(text, "new window"));
  return box.innerHTML;
};

describe("markdown", () => {
  test.each([
    ["paragraphs and line breaks", "one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"],
    ["bold", "a **bold word** b", "<p>a <strong>bold word</strong> b</p>"],
    ["bold beside Japanese", "**公証人**による", "<p><strong>公証人</strong>による</p>"],
    ["italics", "an *aside* here", "<p>an <em>aside</em> here</p>"],
    ["no italics in sums", "2 * 3 * 4 = 24", "<p>2 * 3 * 4 = 24</p>"],
    ["a list", "- one\n- **two**\nafter", "<ul><li>one</li><li><strong>two</strong></li></ul><p>after</p>"],
    ["a list after text", "Firma:\n- a\n- b", "<p>Firma:</p><ul><li>a</li><li>b</li></ul>"],
    ["a numbered list", "1. one\n2. two", '<ol start="1"><li>one</li><li>two</li></ol>'],
    ["numbers that go on over an empty line", "1. one\n\n2. two", '<ol start="1"><li>one</li><li>two</li></ol>'],
    ["nothing", "", ""],
  ])("%s", (_, text, expected) => {
    expect(html(text)).toBe(expected);
  });

  test("a link says where it leads and that it opens a window", () => {
    const link = new DOMParser().parseFromString(html("[GmbH](https://www.example.de/gmbh?x=1&y=2)"), "text/html").querySelector("a")!;
    expect(link.getAttribute("href")).toBe("https://www.example.de/gmbh?x=1&y=2");
    expect(link.textContent).toBe("GmbH (www.example.de) (new window)");
    expect([link.target, link.rel]).toEqual(["_blank", "noopener noreferrer nofollow"]);
  });

  test("an address in the text becomes a link, without the sentence's full stop", () => {
    expect(html("Siehe https://www.example.de/a.")).toContain('href="https://www.example.de/a"');
    expect(html("詳しくはhttps://www.example.de/a。次へ")).toContain('href="https://www.example.de/a"');
    expect(html("https://www.example.de/")).not.toContain("where");
  });

  test.each([
    ["mailto:a@example.com", "a@example.com"],
    ["tel:+49211123", "+49211123"],
    ["https://bücher.example/x", "xn--bcher-kva.example"],
    ["https://www.example.de@evil.example/", "evil.example"],
    ["no address", ""],
  ])("destination of %s", (href, expected) => {
    expect(destination(href)).toBe(expected);
  });

  test.each([
    "<script>hacked()</script>",
    "<img src=x onerror=hacked()>",
    "[x](javascript:hacked())",
    "[x](JaVaScRiPt:hacked())",
    "[x](data:text/html,<script>hacked()</script>)",
    '[x](https://a.example/"onmouseover="hacked())',
    "**<svg onload=hacked()>**",
    "- <iframe srcdoc='<script>hacked()</script>'>",
    "<a href='https://a.example' style='position:fixed'>x</a>",
    "&lt;script&gt;hacked()&lt;/script&gt;",
    "[**<b>**](https://a.example)",
    "<math><mtext><table><mglyph><style><img src=x onerror=hacked()>",
  ])("hostile: %s", (text) => {
    const box = document.createElement("div");
    box.append(rendered(text, "new window"));
    for (const element of box.querySelectorAll("*")) {
      expect(["P", "BR", "STRONG", "EM", "UL", "OL", "LI", "A", "SPAN"]).toContain(element.tagName);
      for (const { name, value } of element.attributes) {
        expect(["href", "start", "class", "target", "rel"]).toContain(name);
        if (name === "href") expect(value).toMatch(/^(https?:\/\/|mailto:|tel:)/);
      }
    }
  });

  test("very long or odd text is rendered quickly", () => {
    const before = performance.now();
    for (const text of ["*".repeat(5000), "[".repeat(5000), "**a".repeat(2000), "(".repeat(5000), "- ".repeat(3000), "https://" + "a.".repeat(3000)]) html(text);
    expect(performance.now() - before).toBeLessThan(3000);
  });
});
