// The table of bins. Only the rows in sight are elements, so that 10,000 bins are as fast as ten.

import { loadBar, renewLoadBar } from "./bars.js";
import { $, element, named, say } from "./elements.js";
import { labelsText, number, percent } from "./format.js";
import { isFull, model, room } from "./model.js";
import { adjust, follow, view } from "./view.js";

const columns = [
  ["name", "Bin"], ["state", "State"], ["load", "Load"], ["room", "Room", "number"], ["share", "Share", "number"],
];
const beyond = 6;
/** Where the titles to sort by are out of sight, as in page.css. */
const narrow = matchMedia("(max-width: 46rem)");
const scroll = $("bins-scroll");
const table = $("bins-table");
const body = table.tBodies[0];
const above = spacer();
const between = spacer();
const below = spacer();

/** The bins in their order, the rows in sight by name, and the one row that Tab reaches. */
let bins = [];
const rows = new Map();
let current = 0;
let isWhole = false;

function spacer() {
  return element("tr", element("td", "", { colspan: columns.length }), { class: "spacer", "aria-hidden": "true" });
}

function header() {
  const { sort } = view();
  return columns.map(([column, title, kind]) => {
    const isSorted = sort.replace("-", "") === column || (!sort && column === "name");
    const order = isSorted && (sort.startsWith("-") ? "descending" : "ascending");
    const by = element("button", title, { type: "button", "data-sort": column, tabindex: narrow.matches ? -1 : null });
    by.addEventListener("click", () => adjust({ sort: order === "ascending" ? `-${column}` : column === "name" ? "" : column }));
    return element("th", by, { scope: "col", role: "columnheader", "aria-sort": order || null, class: `${column} ${kind ?? ""}` });
  });
}

/** Shows these bins; the header only changes with the view. */
export function showTable(list) {
  bins = list;
  table.setAttribute("aria-rowcount", bins.length + 1);
  const focused = focusedBin();
  const index = focused ? bins.findIndex((bin) => bin.bin === focused) : -1;
  current = index < 0 ? Math.min(current, Math.max(0, bins.length - 1)) : index;
  render();
}

export function showHeader() {
  const focused = document.activeElement?.dataset.sort;
  table.tHead.rows[0].replaceChildren(...header());
  if (focused) table.tHead.querySelector(`[data-sort="${focused}"]`).focus();
}

export function scrollToTop() {
  scroll.scrollTop = 0;
  current = 0;
}

const rowHeight = () => parseFloat(getComputedStyle(table).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);

/** Returns the first and the last row that must exist. */
function range() {
  if (isWhole) return [0, bins.length];
  const height = rowHeight();
  const count = Math.ceil(scroll.clientHeight / height) + 2 * beyond;
  const first = Math.max(0, Math.min(Math.floor(scroll.scrollTop / height) - beyond, bins.length - count));
  return [first, Math.min(bins.length, first + count)];
}

const focusedBin = () => (body.contains(document.activeElement) ? document.activeElement.closest("tr").dataset.bin : null);

/** Returns the rows that must exist: those in sight, and the one with the focus, wherever it is. */
function neededRows(focused) {
  const [first, end] = range();
  const needed = Array.from({ length: end - first }, (_, i) => first + i);
  if (focused >= end) return [...needed, focused];
  return focused >= 0 && focused < first ? [focused, ...needed] : needed;
}

function render() {
  const name = focusedBin();
  const focused = name === null ? -1 : bins.findIndex((bin) => bin.bin === name);
  const needed = neededRows(focused);
  const kept = new Set(needed.map((index) => bins[index].bin));
  for (const [bin, row] of rows) {
    if (!kept.has(bin)) {
      row.remove();
      rows.delete(bin);
    }
  }
  const stop = focused >= 0 ? focused : Math.min(Math.max(current, needed[0]), needed.at(-1));
  const nodes = [above];
  let next = needed[0] ?? 0;
  reserve(above, next);
  for (const index of needed) {
    if (index > next) {
      reserve(between, index - next);
      nodes.push(between);
    }
    nodes.push(rowOf(bins[index], index, stop));
    next = index + 1;
  }
  reserve(below, bins.length - next);
  place([...nodes, below]);
  if (focusedBin() !== name) (rows.get(bins[stop]?.bin)?.querySelector("a") ?? $("bins-title")).focus({ preventScroll: true });
}

/** Makes a spacer as high as this many rows. */
function reserve(space, count) {
  space.firstChild.style.blockSize = `${count * rowHeight()}px`;
}

/** Makes these the rows of the table. What is in its place is not touched, so that it keeps the focus. */
function place(nodes) {
  if (!nodes.includes(between)) between.remove();
  nodes.forEach((node, i) => {
    const there = i ? nodes[i - 1].nextSibling : body.firstChild;
    if (there !== node) body.insertBefore(node, there);
  });
}

function rowOf(bin, index, stop) {
  const row = rows.get(bin.bin) ?? newRow(bin);
  rows.set(bin.bin, row);
  if (row.bin !== bin) renew(row, bin);
  row.setAttribute("aria-rowindex", index + 2);
  row.querySelector("a").tabIndex = index === stop ? 0 : -1;
  return row;
}

function newRow(bin) {
  const link = element("a", named(bin.bin));
  link.href = "#";
  link.addEventListener("focus", () => { current = bins.findIndex((each) => each.bin === bin.bin); });
  follow(link, { bin: bin.bin });
  return element("tr", [
    element("th", [link, element("span", "", { class: "labels" })], { scope: "row", role: "rowheader", class: "name" }),
    element("td", element("span"), { role: "cell", class: "state" }),
    element("td", [loadBar(bin), element("span", "", { class: "amount" })], { role: "cell", class: "load" }),
    element("td", "", { role: "cell", class: "room number" }),
    element("td", "", { role: "cell", class: "share number" }),
  ], { role: "row", "data-bin": bin.bin });
}

/** The word for a bin's state, its reason and whether its hub is up. */
export const stateWord = (bin) => (isFull(bin) ? "full" : bin.state);

function renew(row, bin) {
  const [name, state, load, left, share] = row.cells;
  say(name.lastChild, labelsText(bin.labels).join("  "));
  name.title = `${bin.bin} ${name.lastChild.textContent}`;
  say(state.firstChild, bin.up === false ? `${stateWord(bin)}, down` : stateWord(bin));
  state.firstChild.className = `state ${bin.up === false ? "down" : stateWord(bin)}`;
  renewLoadBar(load.firstChild, bin);
  say(load.lastChild, bin.capacity === null ? number(bin.load) : `${number(bin.load)} / ${number(bin.capacity)}`);
  say(left, bin.capacity === null ? "–" : number(room(bin)));
  say(share, percent(bin.load, model.load));
  row.bin = bin;
}

/** Makes a row the one that Tab reaches, and goes there. */
function goToRow(index) {
  if (!bins.length) return;
  current = Math.max(0, Math.min(bins.length - 1, index));
  const height = rowHeight();
  const top = current * height;
  const hidden = table.tHead.offsetHeight;
  if (top < scroll.scrollTop) scroll.scrollTop = top;
  else if (top + height + hidden > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + height + hidden - scroll.clientHeight;
  render();
  rows.get(bins[current].bin).querySelector("a").focus({ preventScroll: true });
}

const pageOfRows = () => Math.max(1, Math.floor(scroll.clientHeight / rowHeight()) - 2);
const keys = {
  ArrowDown: () => current + 1,
  ArrowUp: () => current - 1,
  PageDown: () => current + pageOfRows(),
  PageUp: () => current - pageOfRows(),
  Home: () => 0,
  End: () => bins.length - 1,
};

body.addEventListener("keydown", (event) => {
  if (!(event.key in keys)) return;
  event.preventDefault();
  goToRow(keys[event.key]());
});
scroll.addEventListener("scroll", () => render(), { passive: true });
new ResizeObserver(() => render()).observe(scroll);
narrow.addEventListener("change", showHeader);
// Paper does not scroll.
window.addEventListener("beforeprint", () => { isWhole = true; render(); });
window.addEventListener("afterprint", () => { isWhole = false; render(); });
