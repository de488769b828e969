// Saves what is shown as a file.

import { button, element } from "./elements.js";
import { csv } from "./format.js";

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", "", { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}

/** Returns buttons that save rows, which are objects with the same fields. */
export function exportButtons(name, rows) {
  return [
    button("CSV", () => save(`${name}.csv`, "text/csv", csv(rows())), { "aria-label": `Export ${name} as CSV`, title: "Export what is shown as CSV", class: "quiet" }),
    button("JSON", () => save(`${name}.json`, "application/json", `${JSON.stringify(rows(), null, 1)}\n`), { "aria-label": `Export ${name} as JSON`, title: "Export what is shown as JSON", class: "quiet" }),
  ];
}
