/** Colours that can be read: WCAG 2.2, contrast (minimum) 1.4.3 and non-text contrast 1.4.11. */

export type Rgb = readonly [number, number, number];

/** The colour of `#rgb` or `#rrggbb`; undefined for anything else. */
export function parseColour(text: string | null | undefined): Rgb | undefined {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text?.trim() ?? "")?.[1];
  if (!hex) return undefined;
  const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
  const number = parseInt(full, 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

export function toHex(colour: Rgb): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** Relative luminance, 0 to 1 (WCAG 2.2, definition of "relative luminance"). */
export function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of two colours, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** `share` of the second colour in the first. */
export function mix(one: Rgb, other: Rgb, share: number): Rgb {
  return one.map((part, index) => Math.round(part + (other[index]! - part) * share)) as unknown as Rgb;
}

/** The colour nearest to the wished one that reaches `ratio` against every background. */
export function readable(wished: Rgb, backgrounds: readonly Rgb[], ratio: number): Rgb {
  const towards: Rgb = luminance(backgrounds[0]!) > 0.18 ? [0, 0, 0] : [255, 255, 255];
  for (let step = 0; step <= 50; step += 1) {
    const tried = mix(wished, towards, step / 50);
    if (backgrounds.every((background) => contrast(tried, background) >= ratio)) return tried;
  }
  return towards;
}

/** White or near black, whichever can be read on a colour: one of them always reaches 4.5. */
export function textOn(fill: Rgb): Rgb {
  const white: Rgb = [255, 255, 255];
  return contrast(white, fill) >= 4.5 ? white : [0, 0, 0];
}
