/** Leaves out parts of the libraries that the chat has no use for, so that a partner's page loads little.
 * Each is a whole module or list behind a public one; the build stops when a new release no longer has it. */

import type { Plugin } from "vite";

/** Modules by library and file, and what stands in for them. */
const REPLACED: readonly { library: string; file: RegExp; code: string }[] = [
  {
    // WebSocket, and long polling by fetch where a proxy forbids it; no WebTransport, no request object of old browsers
    library: "engine.io-client",
    file: /\/transports\/index\.js$/,
    code: 'import { Fetch } from "./polling-fetch.js"; import { WS } from "./websocket.js"; export const transports = { websocket: WS, polling: Fetch };',
  },
  {
    // the browser's own parser of addresses
    library: "engine.io-client",
    file: /\/contrib\/parseuri\.js$/,
    code: "export function parse(text) { const url = new URL(text); return { source: text, protocol: url.protocol.slice(0, -1), host: url.hostname.replace(/^\\[|\\]$/g, ''), port: url.port, path: url.pathname === '/' ? '' : url.pathname, query: url.search.slice(1) }; }",
  },
  {
    // neither side sends binary data
    library: "engine.io-parser",
    file: /\/encodePacket\.browser\.js$/,
    code: 'import { PACKET_TYPES } from "./commons.js"; export const encodePacket = ({ type, data }, _, callback) => callback(PACKET_TYPES[type] + (data || "")); export const encodePacketToBinary = () => {};',
  },
  { library: "engine.io-parser", file: /\/contrib\/base64-arraybuffer\.js$/, code: "export const decode = () => new ArrayBuffer(0);" },
  {
    library: "socket.io-parser",
    file: /\/binary\.js$/,
    code: "export const deconstructPacket = (packet) => ({ packet, buffers: [] }); export const reconstructPacket = (packet) => packet;",
  },
  { library: "socket.io-parser", file: /\/is-binary\.js$/, code: "export const isBinary = () => false; export const hasBinary = () => false;" },
];

/** DOMPurify's own lists of tags and attributes. markdown.ts names every one that it allows, so these are never asked
 * for; without them the sanitiser can only take away more. */
const LISTS = /(const (?:html|svg|mathMl)(?:\$1)? = |const (?:xml|svgFilters|svgDisallowed|mathMlDisallowed) = )freeze\(\[[^\]]*\]\)/g;
const LIST_COUNT = 10;
/** What its translation for old browsers brings along: taking an array of two apart, which browsers do by themselves
 * since the year of our target, and generators that nothing calls. */
const HELPERS = /function _OverloadYield\([^]*?(?=const entries = Object\.entries;)/;

/** engine.io-client's trial of a better way once connected. The chat begins with the best one, WebSocket, and asks for
 * no trial (`upgrade: false`). */
const PROBE = /\n    _probe\(name\) \{[^]*?\n    \}\n/;

export function slim(): Plugin {
  const found = new Set<string>();
  return {
    name: "slim",
    enforce: "pre",
    apply: "build",
    transform(code, id) {
      const replaced = REPLACED.find(({ library, file }) => id.includes(`/node_modules/${library}/`) && file.test(id));
      if (replaced) {
        found.add(String(replaced.file));
        return { code: replaced.code, map: null };
      }
      if (/\/node_modules\/engine\.io-client\/build\/esm\/socket\.js$/.test(id)) {
        if (!PROBE.test(code)) this.error("engine.io-client has changed: it has no method _probe any more.");
        return { code: code.replace(PROBE, "\n    _probe() {}\n"), map: null };
      }
      if (!id.includes("/node_modules/dompurify/")) return undefined;
      const count = code.match(LISTS)?.length ?? 0;
      if (count !== LIST_COUNT) this.error(`dompurify has changed: ${count} of ${LIST_COUNT} lists found. Look at its lists of tags and attributes anew.`);
      if (!HELPERS.test(code)) this.error("dompurify has changed: its helpers for old browsers are not at its head. Leave them in, or look at them anew.");
      return { code: code.replace(LISTS, "$1freeze([])").replace(HELPERS, "const _slicedToArray = (pair) => pair;\n"), map: null };
    },
    buildEnd(error) {
      const gone = REPLACED.filter(({ file }) => !found.has(String(file)));
      if (!error && gone.length) this.error(`A library has changed, no such module any more: ${gone.map(({ library, file }) => `${library} ${file}`).join(", ")}.`);
    },
  };
}

/** Takes the white space between the tags out of the templates, where no element keeps it. */
export function templates(): Plugin {
  return {
    name: "templates",
    enforce: "pre",
    apply: "build",
    transform: (code, id) =>
      /\/src\/(panel|views\/\w+)\.ts$/.test(id) ? { code: code.replace(/(?<=[>}])\n\s+(?=<|\$\{)/g, " ").replace(/\n\s+(?=[@.?a-z-]+=(?:\$\{|"))/g, " "), map: null } : undefined,
  };
}
