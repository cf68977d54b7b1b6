/** Line icons, 24 units wide, hidden from screen readers: words stand beside each. */

import { html, svg, type TemplateResult } from "lit/html.js";

function icon(shape: TemplateResult): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${shape}</svg>`;
}

export const icons = {
  program: icon(svg`<path d="M5 8h14v11H5zM12 8V4M9 4h6M9.5 12v2M14.5 12v2M2.5 12v4M21.5 12v4"/>`),
  person: icon(svg`<path d="M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM4.5 20c.6-4 3.600-6 7.500-6s6.900 2 7.500 6z"/>`),
  notice: icon(svg`<path d="M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.400v.2"/>`),
  close: icon(svg`<path d="M6 6l12 12M18 6L6 18"/>`),
  menu: icon(svg`<path d="M4 7h16M4 12h16M4 17h16"/>`),
  send: icon(svg`<path d="M4 12h15M13 6l6 6-6 6"/>`),
  down: icon(svg`<path d="M12 5v13M6 12l6 6 6-6"/>`),
  up: icon(svg`<path d="M7 10.500l4-7c1.500 0 2.500 1 2.500 2.500V9.500h5c1 0 1.800 1 1.500 2l-1.700 7c-.2.900-1 1.500-2 1.500H7zM7 10.500H3.500V20H7"/>`),
  thumbDown: icon(svg`<path d="M17 13.500l-4 7c-1.500 0-2.500-1-2.500-2.500V14.500h-5c-1 0-1.800-1-1.500-2l1.700-7c.2-.9 1-1.500 2-1.500H17zM17 13.500h3.500V4H17"/>`),
  save: icon(svg`<path d="M12 4v11M7 10.500l5 5 5-5M5 20h14"/>`),
  print: icon(svg`<path d="M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z"/>`),
  check: icon(svg`<path d="M5 12.500l4.500 4.500L19 7.500"/>`),
  end: icon(svg`<path d="M14 4H5v16h9M10 12h10M16 8l4 4-4 4"/>`),
  offline: icon(svg`<path d="M12 4.500L21.500 20h-19zM12 10v5M12 17.200v.2"/>`),
};
