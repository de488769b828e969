// How numbers, times and rows are written.

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const dateAlone = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export const number = (value) => value.toLocaleString();
export const many = (count, what) => `${number(count)} ${what}${count === 1 ? "" : "s"}`;

/** Returns a percentage with about two digits that count. */
export function percent(part, whole) {
  const share = whole > 0 ? (100 * part) / whole : 0;
  return `${share.toFixed(share >= 10 || share === 0 ? 1 : 2)} %`;
}

export const fullTime = (at) => dateAndTime.format(new Date(at));

export function relativeTime(at, now = Date.now()) {
  const age = now - new Date(at).getTime();
  if (age < minute) return "now";
  if (age < hour) return `${Math.floor(age / minute)} min ago`;
  if (age < day) return `${Math.floor(age / hour)} h ago`;
  return `${Math.floor(age / day)} d ago`;
}

/** Returns the heading of the day, such as Today. */
export function dayOf(at, now = new Date()) {
  const date = new Date(at);
  if (date.toDateString() === now.toDateString()) return "Today";
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  return date.toDateString() === yesterday.toDateString() ? "Yesterday" : dateAlone.format(date);
}

/** Returns a key by which hub-2 comes before hub-10. */
export const naturalKey = (name) => name.replace(/\d+/g, (digits) => digits.padStart(10, "0"));

export const labelsText = (labels) => Object.entries(labels).map(([label, value]) => `${label}=${value}`);

/** The start of text that a spreadsheet runs as a formula, also in full-width forms. */
const formula = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/** Returns a value for a CSV file, as the commands do with --for-spreadsheets; labels are written as JSON. */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "object" ? JSON.stringify(value) : value;
  // A spreadsheet may use another separator than the comma.
  return `"${formula.test(text) ? "'" : ""}${text.replaceAll('"', '""')}"`;
}

/** Returns a CSV file with a column for each field that any of the rows has. */
export function csv(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((cells) => `${cells.map(cell).join(",")}\r\n`)
    .join("");
}
