/** The texts whose keys begin with `launcher_`, by language; made by the plugin in vite.config.ts. */
declare module "virtual:launcher-texts" {
  const texts: Record<"de" | "en" | "ja", Record<"launcher_label" | "launcher_failed" | "launcher_loading", string>>;
  export default texts;
}
