// The first row: how the kind is, at a glance, and a banner in words when new users cannot be placed.

import { sparkline } from "./bars.js";
import { $, element } from "./elements.js";
import { many, number } from "./format.js";
import { model, sum, totals } from "./model.js";
import { follow } from "./view.js";

const shown = new Map();

/** Replaces a part only if it differs, so that nothing flickers or loses the focus. */
function renew(name, key, content) {
  const known = shown.get(name);
  if (known?.key === key) return;
  const made = element("div", content(), { class: "fact", "data-fact": name });
  const focused = known ? links(known.part).indexOf(document.activeElement) : -1;
  if (known) known.part.replaceWith(made);
  else $("glance").append(made);
  links(made)[focused]?.focus({ preventScroll: true });
  shown.set(name, { key, part: made });
}

const links = (part) => [...part.querySelectorAll("a")];

const fact = (label, value, hint = "") => [
  element("span", label, { class: "label" }),
  element("span", value, { class: "value" }),
  element("span", hint, { class: "hint" }),
];

export function showGlance() {
  const now = totals();
  renew("users", `${now.users} ${model.bins.length}`, () => fact("Users", number(now.users), `by size, in ${many(model.bins.length, "bin")}`));
  renew("bins", `${now.counts} ${location.search}`, () => [element("span", "Bins", { class: "label" }), counts(now)]);
  renew("spread", `${now.spread} ${now.isWeighted}`, () =>
    fact("Fullest − emptiest", number(Math.round(now.spread * 10) / 10), now.isWeighted ? "of the open bins, by weight" : "of the open bins"));
  renew("room", `${now.room} ${now.limited} ${now.open}`, () =>
    now.limited ? fact("Room left", number(now.room), `in ${number(now.limited)} of ${number(now.open)} open bins`) : fact("Room left", "no limit", "no bin has a capacity"));
  showStatus();
}

function counts({ counts: all }) {
  const some = all.filter(([state, count]) => count > 0 || state === "open");
  return element("ul", some.map(([state, count]) => {
    const link = follow(element("a", [element("b", number(count)), ` ${state}`]), { state, bin: "", text: "", label: "" });
    return element("li", link, { class: `state ${state}` });
  }), { class: "counts" });
}

/** Shows what the server says of itself. */
function showStatus() {
  const { status } = model;
  renew("new", `${status?.newPerMinute}`, () => (status ? newPerMinute(status.newPerMinute) : fact("New a minute", "–")));
  const parts = [["Database", status?.database], ["Replica", status?.replica], ["Watcher", status?.watcher]];
  renew("health", JSON.stringify([status !== null, parts]), () => [
    element("span", "Health", { class: "label" }),
    element("ul", parts.map(([name, state]) => part(name, status ? wordOf(state) : "unknown", state)), { class: "health" }),
  ]);
  if (status) showBanner(status.placing);
}

function newPerMinute(last) {
  const words = `${number(sum(last, (count) => count))} in the last hour`;
  return [
    ...fact("New a minute", number(last.at(-2)), words),
    sparkline(last, `New users a minute over the last hour: ${words}, ${number(Math.max(...last))} at most in a minute. Those that this server placed.`),
  ];
}

const wordOf = (state) => (!state ? "none" : state.works ? "works" : "fails");

function part(name, word, state) {
  return element("li", [`${name} ${word}`, state?.detail && element("span", `: ${state.detail}`, { class: "hint" })], { class: `part ${word}` });
}

function showBanner(placing) {
  const text = placing.works ? "" : `New users cannot be placed: ${placing.detail}. Users who have a bin keep it.`;
  if ($("banner").textContent !== text) $("banner").textContent = text;
  $("banner").hidden = placing.works;
}

export function clearGlance() {
  shown.clear();
  $("glance").replaceChildren();
  $("banner").hidden = true;
}
