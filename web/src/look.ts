/** What a partner may set about the look, and the colours that come of it. */

import { mix, parseColour, readable, textOn, toHex, type Rgb } from "./contrast.js";

export interface Look {
  colour?: string | null;
  logo?: string | null;
  position?: "right" | "left" | null;
  theme?: "auto" | "light" | "dark" | null;
  privacy_url?: string | null;
}

const DEFAULT_COLOUR: Rgb = [11, 83, 148];

interface Base {
  surface: Rgb;
  page: Rgb;
  text: Rgb;
  muted: Rgb;
  line: Rgb;
  control: Rgb;
  danger: Rgb;
  person: Rgb;
}

const LIGHT: Base = {
  surface: [255, 255, 255],
  page: [243, 245, 247],
  text: [23, 32, 42],
  muted: [74, 85, 97],
  line: [212, 218, 224],
  control: [107, 119, 132],
  danger: [176, 0, 32],
  person: [90, 70, 10],
};

const DARK: Base = {
  surface: [30, 36, 43],
  page: [19, 23, 28],
  text: [236, 239, 242],
  muted: [178, 187, 196],
  line: [62, 71, 81],
  control: [138, 150, 162],
  danger: [255, 158, 158],
  person: [240, 205, 120],
};

/** The custom properties of a look, as the text of a style sheet. A colour that cannot be read is corrected. */
export function tokens(look: Look, dark: boolean): string {
  const base = dark ? DARK : LIGHT;
  const brand = parseColour(look.colour) ?? DEFAULT_COLOUR;
  const tint = mix(base.surface, brand, dark ? 0.22 : 0.1);
  // a fill as dark as the page, or as light, would not be seen
  const fill = readable(brand, [base.surface, base.page], 1.6);
  
  const behind = [base.surface, base.page, tint];
  const accent = readable(brand, behind, 4.5);
  const colours: Record<string, Rgb> = {
    ...base,
    muted: readable(base.muted, behind, 4.5),
    danger: readable(base.danger, behind, 4.5),
    fill,
    onfill: textOn(fill),
    accent,
    tint,
    tintline: mix(tint, accent, 0.35),
    warn: dark ? [66, 53, 20] : [255, 244, 214],
    persontint: dark ? [51, 44, 24] : [253, 246, 227],
  };
  const lines = Object.entries(colours).map(([name, colour]) => `--${name}:${toHex(colour)};`);
  return `:host{${lines.join("")}color-scheme:${dark ? "dark" : "light"}}`;
}

/** A logo's address if it may be loaded: https, or the page's own origin. */
export function logoUrl(value: string | null | undefined): string | undefined {
  if (!value) return undefined;
  try {
    const url = new URL(value, document.baseURI);
    return url.protocol === "https:" || url.origin === location.origin ? url.href : undefined;
  } catch {
    return undefined;
  }
}
