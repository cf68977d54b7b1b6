/** The languages of the interface, and which one a visitor gets. */

export const LANGUAGES = ["de", "ja", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A language of ours, also from tags such as `de-AT`; undefined for another one. */
export function languageOf(tag: string | null | undefined): Language | undefined {
  const short = tag?.slice(0, 2).toLowerCase();
  return LANGUAGES.find((language) => language === short);
}

/** The first that fits: the user's choice, the attribute, the page, the browser; English when none does. */
export function chooseLanguage(chosen?: string | null, attribute?: string | null): Language {
  const wishes = [chosen, attribute, document.documentElement.lang, ...navigator.languages];
  for (const wish of wishes) {
    const language = languageOf(wish);
    if (language) return language;
  }
  return "en";
}
