import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vitest/config";
import { slim, templates } from "./tools/slim.js";

const LANGUAGES = ["de", "en", "ja"] as const;
const TEXTS = "virtual:texts";
const LAUNCHER_TEXTS = "virtual:launcher-texts";

/** Hands out the texts of all languages: the launcher's few alone, so that the rest is loaded with the panel. */
function texts(): Plugin {
  return {
    name: "texts",
    resolveId: (id) => (id === TEXTS || id === LAUNCHER_TEXTS ? `\0${id}` : undefined),
    load(id) {
      if (id !== `\0${TEXTS}` && id !== `\0${LAUNCHER_TEXTS}`) return undefined;
      const ofLauncher = id === `\0${LAUNCHER_TEXTS}`;
      const all = LANGUAGES.map((language) => {
        const file = new URL(`./src/texts/${language}.json`, import.meta.url);
        this.addWatchFile(file.pathname);
        const entries = Object.entries(JSON.parse(readFileSync(file, "utf-8")) as Record<string, string>);
        return Object.fromEntries(entries.filter(([key]) => key.startsWith("launcher_") === ofLauncher));
      });
      // names once, then each language's words in that order: a third less to load than three objects
      const names = Object.keys(all[0] ?? {});
      const words = LANGUAGES.map((language, index) => [language, names.map((name) => all[index]?.[name])]);
      return `export const names = ${JSON.stringify(names.join(" "))}; export const words = ${JSON.stringify(Object.fromEntries(words))}`;
    },
  };
}

export default defineConfig({
  plugins: [texts(), slim(), templates()],
  build: {
    target: "es2022",
    lib: { entry: "src/launcher.ts", formats: ["es"], fileName: () => "nrw-chat.js" },
    minify: "terser",
    terserOptions: {
      module: true,
      ecma: 2020,
      compress: { passes: 3, unsafe_arrows: true, pure_getters: true },
      // what the libraries mark as their own; nothing that is sent or kept begins with a line
      mangle: { properties: { regex: /^_[a-z]/ } },
      format: { comments: false },
    },
    reportCompressedSize: false,
    rolldownOptions: {
      // they only look at the browser when loaded; without a use they can go
      treeshake: { moduleSideEffects: (id) => !/engine\.io-client\/build\/esm\/(index|transports\/.*)\.js$/.test(id) },
      output: { chunkFileNames: "nrw-chat-panel-[hash].js" },
    },
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
  },
});
