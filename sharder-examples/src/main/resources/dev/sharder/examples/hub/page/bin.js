// A bin's own view: its load and settings, what can be done with it, its users and its changes.

import { get, withQuery } from "./api.js";
import { loadBar, renewLoadBar } from "./bars.js";
import { become, changeBin } from "./binforms.js";
import { $, button, element, input, longestName, named, say, time } from "./elements.js";
import { changesFeed, userLink } from "./entries.js";
import { exportButtons } from "./export.js";
import { Feed, page } from "./feed.js";
import { labelsText, number, percent } from "./format.js";
import { inKind, model, room } from "./model.js";
import { drain } from "./plan.js";
import { stateWord } from "./table.js";
import { follow, view } from "./view.js";

let shown = "";
let feed = null;
let renewUsers = () => {};
/** What the bin held when its users were asked for; null before. */
let held = null;

/** Shows the bin that the view names, or none; returns whether it shows one. */
export function showBin() {
  const { bin } = view();
  if (bin !== shown) {
    shown = bin;
    feed = null;
    $("bin").replaceChildren();
    $("bin").hidden = !bin;
    if (bin) build(bin);
  }
  return bin !== "";
}

export function forgetBin() {
  shown = "";
  feed = null;
  $("bin").hidden = true;
  $("bin").replaceChildren();
}

/** Shows the changes that came, and the users anew if one of them came or left. */
export function followBin(reply) {
  feed?.add(reply);
  if (shown && reply.changes.some((change) => change.object !== null && [change.from, change.to].includes(shown))) renewUsers();
}

function build(name) {
  const changes = element("section", "", { id: "bin-changes", "aria-labelledby": "bin-changes-title" });
  $("bin").replaceChildren(
    element("p", follow(element("a", "← All bins"), { bin: "" }), { class: "back" }),
    element("div", [
      element("h2", named(name), { id: "bin-title", tabindex: "-1" }),
      element("span", "", { id: "bin-state" }),
      element("span", "", { class: "gap" }),
      actions(name),
    ], { class: "title" }),
    element("div", "", { id: "bin-facts" }),
    element("div", [users(name), changes], { class: "halves" }),
  );
  held = null;
  feed = new Feed(changes, { ...changesFeed({ bin: name }, ["actor"]), title: "Changes of this bin", level: "h3" });
  feed.reload();
  renewBin();
  $("bin-title").focus();
}

/** Shows the numbers of the bin as they are now. */
export function renewBin() {
  if (!shown) return;
  const bin = model.byName.get(shown);
  if (!bin) {
    say($("bin-state"), model.bins.length ? "There is no such bin." : "");
    return;
  }
  const word = stateWord(bin);
  say($("bin-state"), bin.up === undefined ? word : `${word}, ${bin.up ? "up" : "down"}`);
  $("bin-state").className = `state ${bin.up === false ? "down" : word}`;
  renewActions(bin);
  renewFacts(bin);
  // A first assignment is no change, but it counts.
  if (bin.assigned !== held) {
    held = bin.assigned;
    renewUsers();
  }
}

/** What can be done with a bin. The buttons stay the same, so that a dialog hands the focus back to the one that opened it. */
function actions(name) {
  const now = () => model.byName.get(name);
  const action = (text, act) => button(text, act, { "data-act": text });
  return element("span", [
    action("Change", () => changeBin(now())),
    action("Cordon", (event) => become(now(), event.currentTarget.dataset.act === "Cordon" ? "cordoned" : "open")),
    action("Drain", () => drain(now())),
    action("Retire", () => become(now(), "retired")),
  ], { id: "bin-actions", hidden: true });
}

function renewActions(bin) {
  const place = $("bin-actions");
  const [, turn, empty, retire] = place.children;
  place.hidden = false;
  say(turn, bin.state === "open" ? "Cordon" : "Open");
  turn.dataset.act = turn.textContent;
  empty.hidden = bin.assigned === 0;
  retire.hidden = bin.state === "retired";
  if ([empty, retire].some((one) => one.hidden && one === document.activeElement)) turn.focus();
}

function renewFacts(bin) {
  const key = JSON.stringify([bin, model.meanPerWeight, model.load]);
  const place = $("bin-facts");
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const bar = place.querySelector(".bar") ?? loadBar(bin);
  renewLoadBar(bar, bin);
  const fact = (term, value) => element("div", [element("dt", term), element("dd", value)]);
  const labels = labelsText(bin.labels);
  place.replaceChildren(bar, element("dl", [
    fact("Load", number(bin.load)),
    fact("Assigned", number(bin.assigned)),
    fact("Offset", number(bin.offset)),
    fact("Capacity", bin.capacity === null ? "no limit" : number(bin.capacity)),
    fact("Room", bin.capacity === null ? "no limit" : number(room(bin))),
    fact("Weight", number(bin.weight)),
    fact("Share", percent(bin.load, model.load)),
    fact("New users", bin.refusal ?? "welcome"),
    fact("Labels", labels.length ? labels.map((label) => element("span", label, { class: "label-chip" })) : "none"),
  ], { class: "facts wide" }));
}

/** The users of a bin, by prefix and pages. */
function users(bin) {
  const start = { prefix: "", before: [], after: "" };
  /** The page shown, where it is, where the one is that was asked for last, and its number. */
  const state = { page: { assignments: [], next: null }, shown: start, wanted: start, number: 0 };
  const body = element("tbody");
  const count = element("span", "", { class: "hint", role: "status" });
  const prefix = input({ type: "search", "aria-label": "Only users whose names start with", placeholder: "any user", maxlength: longestName });
  const turn = async (wanted) => {
    const number = ++state.number;
    state.wanted = wanted;
    const reply = await get(withQuery(inKind("assignments"), { bin, prefix: wanted.prefix, after: wanted.after, limit: page })).catch((problem) => problem);
    // Another page was asked for meanwhile.
    if (number !== state.number) return;
    if (reply instanceof Error) {
      state.wanted = state.shown;
      say(count, reply.message);
      return;
    }
    Object.assign(state, { page: reply, shown: wanted });
    showUsers(body, reply.assignments);
    say(count, reply.assignments.length ? "" : "no users");
    next.disabled = reply.next === null;
    previous.disabled = wanted.before.length === 0;
  };
  const filter = () => turn({ ...start, prefix: prefix.value });
  const next = button("Next", () => turn({ ...state.shown, before: [...state.shown.before, state.shown.after], after: state.page.next }), { class: "quiet" });
  const previous = button("Previous", () => turn({ ...state.shown, before: state.shown.before.slice(0, -1), after: state.shown.before.at(-1) }), { class: "quiet" });
  const form = element("form", prefix, { class: "filter" });
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  form.addEventListener("change", filter);
  renewUsers = () => turn(state.wanted);
  return element("section", [
    element("div", [
      element("h3", "Users", { id: "users-title" }), count,
    ], { class: "title" }),
    form,
    element("div", element("table", [
      element("thead", element("tr", ["User", "Since", "Size", "Group"].map((title) => element("th", title, { scope: "col", class: title === "Size" ? "number" : null })))),
      body,
    ], { "aria-labelledby": "users-title" }), { class: "scroll", tabindex: "0", role: "group", "aria-label": "Users of the bin" }),
    element("div", [previous, next, element("span", "", { class: "gap" }), exportButtons("users", () => state.page.assignments)], { class: "pages" }),
  ], { id: "bin-users", "aria-labelledby": "users-title" });
}

function showUsers(body, assignments) {
  const focused = [...body.querySelectorAll("a")].indexOf(document.activeElement);
  body.replaceChildren(...assignments.map(userRow));
  body.querySelectorAll("a")[focused]?.focus({ preventScroll: true });
}

function userRow(assignment) {
  return element("tr", [
    element("th", userLink(assignment.object), { scope: "row" }),
    element("td", time(assignment.assignedAt)),
    element("td", number(assignment.size), { class: "number" }),
    element("td", assignment.group === null ? "" : named(assignment.group)),
  ]);
}
