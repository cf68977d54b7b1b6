import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vitest/config";

const LANGUAGES = ["de", "en", "ja"] as const;
const LAUNCHER_TEXTS = "virtual:launcher-texts";

/** Hands the launcher its few texts alone, so that the rest is loaded with the panel and not before. */
function launcherTexts(): Plugin {
  return {
    name: "launcher-texts",
    resolveId: (id) => (id === LAUNCHER_TEXTS ? `\0${LAUNCHER_TEXTS}` : undefined),
    load(id) {
      if (id !== `\0${LAUNCHER_TEXTS}`) return undefined;
      const picked = LANGUAGES.map((language) => {
        const file = new URL(`./src/texts/${language}.json`, import.meta.url);
        this.addWatchFile(file.pathname);
        const texts = Object.entries(JSON.parse(readFileSync(file, "utf-8")) as Record<string, string>);
        return [language, Object.fromEntries(texts.filter(([key]) => key.startsWith("launcher_")))];
      });
      return `export default ${JSON.stringify(Object.fromEntries(picked))}`;
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [launcherTexts()],
  build: {
    target: "es2022",
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: "src/launcher.ts",
      output: {
        format: "es",
        entryFileNames: "nrw-chat.js",
        chunkFileNames: "nrw-chat-panel-[hash].js",
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
  },
});
