// Find in the header: as one types, the first ten users by prefix.

import { get, withQuery } from "./api.js";
import { $, element, named } from "./elements.js";
import { inKind, model } from "./model.js";
import { goTo } from "./view.js";

const most = 10;
const patience = 120;
let asking = new AbortController();
let chosen = -1;

const box = $("find");
const list = $("find-names");
const options = () => [...list.children];

async function suggest() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const typed = box.value;
  if (!typed.trim()) return close();
  try {
    await new Promise((resolve) => setTimeout(resolve, patience));
    if (signal.aborted) return undefined;
    show(await matching(typed, signal));
  } catch (problem) {
    if (!signal.aborted) close();
  }
  return undefined;
}

/** Names are exact; those that nginx has lowercased are found however they are spelled. */
async function matching(typed, signal) {
  const spelled = typed.toLowerCase();
  const prefixes = model.lowercase.includes(model.kind) && spelled !== typed ? [typed, spelled] : [typed];
  const pages = await Promise.all(prefixes.map((prefix) => get(withQuery(inKind("assignments"), { prefix, limit: most }), signal)));
  return pages.flatMap((page) => page.assignments).slice(0, most);
}

function show(assignments) {
  chosen = -1;
  list.replaceChildren(...assignments.map((one, i) => {
    const option = element("li", [named(one.object), element("span", named(one.bin), { class: "hint" })], { role: "option", id: `find-${i}`, "aria-selected": "false" });
    option.dataset.name = one.object;
    return option;
  }));
  list.hidden = !assignments.length;
  box.setAttribute("aria-expanded", String(!list.hidden));
  box.removeAttribute("aria-activedescendant");
}

function close() {
  show([]);
}

function choose(index) {
  const all = options();
  if (!all.length) return;
  chosen = (index + all.length) % all.length;
  all.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
  all[chosen].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", all[chosen].id);
}

function find(name) {
  asking.abort();
  close();
  if (name) goTo({ user: name });
}

box.addEventListener("input", suggest);
box.addEventListener("blur", () => { asking.abort(); close(); });
box.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen < 0 ? options().length - 1 : chosen - 1);
  else if (event.key === "Escape" && !list.hidden) close();
  else return;
  event.preventDefault();
});
// Before the box loses the focus.
list.addEventListener("mousedown", (event) => {
  event.preventDefault();
  const option = event.target.closest("li");
  if (option) find(option.dataset.name);
});
$("find-form").addEventListener("submit", (event) => {
  event.preventDefault();
  find(options()[chosen]?.dataset.name ?? box.value);
});
document.addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping || $("ask").open) return;
  event.preventDefault();
  box.focus();
  box.select();
});
