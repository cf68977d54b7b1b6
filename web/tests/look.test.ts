import { describe, expect, test } from "vitest";
import { contrast, parseColour, readable, textOn, toHex, type Rgb } from "../src/contrast.js";
import { logoUrl, tokens } from "../src/look.js";

const value = (sheet: string, name: string): Rgb => parseColour(new RegExp(`--${name}:(#\\w+)`).exec(sheet)?.[1])!;

describe("contrast", () => {
  test("figures of the standard's definition", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5);
    expect(contrast([119, 119, 119], [255, 255, 255])).toBeCloseTo(4.48, 2);
  });

  test("colours are read and written", () => {
    expect(parseColour("#0b5394")).toEqual([11, 83, 148]);
    expect(parseColour("#FFF")).toEqual([255, 255, 255]);
    for (const wrong of [null, undefined, "", "red", "#12345", "url(x)", "#0b5394;}"]) expect(parseColour(wrong)).toBeUndefined();
    expect(toHex([11, 83, 148])).toBe("#0b5394");
  });

  test("a colour that can be read stays, another is moved", () => {
    expect(readable([11, 83, 148], [[255, 255, 255]], 4.5)).toEqual([11, 83, 148]);
    expect(contrast(readable([255, 230, 0], [[255, 255, 255]], 4.5), [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
  });
});

describe("look", () => {
  const steps = [0, 51, 102, 153, 204, 255];
  const colours = steps.flatMap((red) => steps.flatMap((green) => steps.map((blue) => toHex([red, green, blue]))));

  test.each([true, false])("every colour of a partner can be read, dark: %s", (dark) => {
    for (const colour of colours) {
      const sheet = tokens({ colour }, dark);
      const at = (name: string): Rgb => value(sheet, name);
      expect(contrast(at("onfill"), at("fill")), `${colour} text on fill`).toBeGreaterThanOrEqual(4.5);
      for (const ground of ["surface", "page", "tint"])
        for (const words of ["text", "muted", "accent", "danger"]) expect(contrast(at(words), at(ground)), `${colour} ${words} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      expect(contrast(at("control"), at("surface")), "borders of controls").toBeGreaterThanOrEqual(3);
      for (const ground of ["warn", "persontint"]) expect(contrast(at("text"), at(ground)), ground).toBeGreaterThanOrEqual(4.5);
      expect(contrast(at("person"), at("persontint"))).toBeGreaterThanOrEqual(4.5);
    }
  });

  test("white or black on every fill", () => {
    for (const colour of colours) expect(contrast(textOn(parseColour(colour)!), parseColour(colour)!)).toBeGreaterThanOrEqual(4.5);
  });

  test("a wrong colour takes the default", () => {
    expect(tokens({ colour: "};*{display:none" }, false)).toBe(tokens({}, false));
  });

  test("only safe logos", () => {
    expect(logoUrl("https://www.example.de/logo.svg")).toBe("https://www.example.de/logo.svg");
    expect(logoUrl("/logo.svg")).toBe(`${location.origin}/logo.svg`);
    for (const wrong of ["http://www.example.de/logo.svg", "javascript:alert(1)", "data:image/svg+xml,x", "", null]) expect(logoUrl(wrong)).toBeUndefined();
  });
});
