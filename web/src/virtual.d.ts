/** The texts of src/texts without those of the launcher; made by the plugin in vite.config.ts. */
declare module "virtual:texts" {
  /** All names, with spaces between. */
  export const names: string;
  /** By language the words, in the order of the names. */
  export const words: Record<"de" | "en" | "ja", string[]>;
}

/** The texts whose names begin with `launcher_`. */
declare module "virtual:launcher-texts" {
  export const names: string;
  export const words: Record<"de" | "en" | "ja", string[]>;
}
