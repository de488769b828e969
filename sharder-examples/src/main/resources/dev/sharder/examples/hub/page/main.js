// The operators' page. It does everything through the REST API, with the token of the signed-in operator or as
// the admin that the proxy names. This module wires the others, and keeps what they show up to date.

import { get, hasToken, withQuery } from "./api.js";
import { followBin, forgetBin, renewBin, showBin } from "./bin.js";
import { addBin, becomeAll } from "./binforms.js";
import { onAnswer } from "./dialog.js";
import { $, element, renewTimes, say } from "./elements.js";
import { changesFeed, newestFeed } from "./entries.js";
import { exportButtons } from "./export.js";
import { Feed, page } from "./feed.js";
import "./find.js";
import { many, number } from "./format.js";
import { clearGlance, showGlance } from "./glance.js";
import { allLabels, inKind, model, orders, setBins, shownBins, states } from "./model.js";
import { rebalance } from "./plan.js";
import { recognise, signOut, signOutIfRefused, withToken } from "./signin.js";
import { scrollToTop, showHeader, showTable } from "./table.js";
import { followUser, forgetUser, showUser } from "./user.js";
import { adjust, onView, view } from "./view.js";

const second = 1000;
const newest = new Feed($("newest"), newestFeed);
const changes = new Feed($("changes"), changesFeed({}, ["bin", "actor"]));
const filters = ["text", "state", "label"];
let filtered = "";
let watching = new AbortController();
let defaultKind = "";
let again = 0;

// ---- what the view says

function showView() {
  const wanted = view();
  const kind = wanted.kind || defaultKind;
  if (kind !== model.kind && [...$("kind").options].some((option) => option.value === kind)) {
    $("kind").value = kind;
    watch();
  }
  for (const name of filters) if ($(`filter-${name}`).value !== wanted[name]) $(`filter-${name}`).value = wanted[name];
  $("sort-by").value = wanted.sort || "name";
  $("filter-clear").hidden = !filters.some((name) => wanted[name]);
  const filter = filters.map((name) => wanted[name]).join("\n");
  if (filter !== filtered) scrollToTop();
  filtered = filter;
  showHeader();
  const wasBin = $("bins").hidden;
  $("bins").hidden = showBin();
  showBins();
  if (wasBin && !$("bins").hidden) $("bins-title").focus();
  showUser();
}

function showBins() {
  if (!model.kind) return;
  renewBin();
  afterPaint(showTotals);
  if ($("bins").hidden) return;
  const shown = shownBins(view());
  showTable(shown);
  const all = model.bins.length;
  say($("bins-count"), shown.length === all ? many(all, "bin") : `${number(shown.length)} of ${many(all, "bin")}`);
  $("bins-none").hidden = shown.length > 0 || all === 0;
}

/** What is painted after the rows, because it takes a look at every bin. */
function showTotals() {
  showGlance();
  showLabels();
}

let isPlanned = false;

/** Does work once, soon after the next frame; a tab that is not seen has no frames. */
function afterPaint(work) {
  if (isPlanned) return;
  isPlanned = true;
  const later = () => setTimeout(() => { isPlanned = false; work(); }, 50);
  if (document.hidden) later();
  else requestAnimationFrame(later);
}

function showLabels() {
  const labels = allLabels();
  const key = JSON.stringify(labels);
  if ($("filter-label").dataset.key === key) return;
  $("filter-label").dataset.key = key;
  $("filter-label").replaceChildren(element("option", "any label", { value: "" }), ...labels.map((label) => element("option", label, { value: label })));
  $("filter-label").parentNode.hidden = !labels.length;
  $("filter-label").value = view().label;
}

// ---- live

/** Waits, and as long as no one looks at the tab. */
async function pause(millis, signal) {
  await new Promise((resolve) => {
    const timer = setTimeout(done, millis);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      document.removeEventListener("sharder-now", done);
      resolve();
    }
    signal.addEventListener("abort", done);
    document.addEventListener("sharder-now", done);
  });
  while (document.hidden && !signal.aborted) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

/** Repeats work; a slow answer makes the next request wait longer, so that a page never keeps a server busy. */
async function repeat(signal, millis, work) {
  while (!signal.aborted) {
    const start = performance.now();
    try {
      await work();
      if (signal.aborted) return;
      report(work, null);
      if (millis) await pause(Math.max(millis, 5 * (performance.now() - start)), signal);
    } catch (problem) {
      if (signal.aborted) return;
      report(work, problem);
      signOutIfRefused(problem);
      await pause(3 * second, signal);
    }
  }
}

/** The problem of each work that fails now. */
const problems = new Map();

function report(work, problem) {
  if (problem) problems.set(work, problem);
  else problems.delete(work);
  const [first] = problems.values();
  status(first?.message ?? "Live", first !== undefined);
}

function status(text, isWrong = false) {
  say($("status"), text);
  $("status").classList.toggle("wrong", isWrong);
}

async function readBins(signal) {
  const reply = await get(inKind("bins"), signal);
  if (signal.aborted) return;
  setBins(reply.bins);
  showBins();
}

async function readStatus(signal) {
  const reply = await get(inKind("status"), signal).catch((problem) => problem);
  if (signal.aborted) return;
  model.status = reply instanceof Error ? null : reply;
  showGlance();
  if (!model.status) throw reply;
}

/** Fills a list, which says so if that fails. */
function load(list, signal) {
  if (!signal.aborted) list.reload();
}

function readNewest(signal) {
  let after = null;
  return async () => {
    // The first page only says where to go on. The list reads its own afterwards, so that nothing falls between them.
    const asked = get(withQuery(inKind("newest"), { after: after ?? 0, limit: after === null ? 1 : page }), signal);
    const reply = await (after === null ? asked.finally(() => load(newest, signal)) : asked);
    if (signal.aborted) return;
    if (after !== null) {
      newest.add(reply);
      followUser(reply.assignments);
    }
    // The server counts from 0 again after a restart.
    after = reply.next < after ? 0 : reply.next;
  };
}

function readChanges(signal) {
  const longest = 25;
  const most = 1000;
  let after = null;
  let wait = longest;
  return async () => {
    const asked = wait;
    // After a failure the next request does not wait, so that the page soon knows that all is well again.
    wait = 0;
    if (after === null) after = (await get(withQuery(inKind("changes"), { latest: 0 }), signal).finally(() => load(changes, signal))).next;
    const reply = await get(withQuery(inKind("changes"), { after, limit: most, wait: asked }), signal);
    wait = longest;
    if (signal.aborted) return;
    after = reply.next;
    changes.add(reply);
    followBin(reply);
    followUser(reply.changes);
    // The server answers at once while changes keep coming, and with an empty page if too many clients wait.
    await pause(reply.changes.length ? second / 4 : second, signal);
  };
}

/** Shows another kind from the start. */
function watch() {
  // What the dialog asks is about the kind before.
  if (model.kind !== $("kind").value && $("ask").open) $("ask").close();
  watching.abort();
  problems.clear();
  watching = new AbortController();
  const { signal } = watching;
  model.kind = $("kind").value;
  model.status = null;
  setBins([]);
  clearGlance();
  forgetBin();
  forgetUser();
  scrollToTop();
  newest.clear();
  changes.clear();
  repeat(signal, second, () => readBins(signal));
  repeat(signal, 5 * second, () => readStatus(signal));
  repeat(signal, second, readNewest(signal));
  repeat(signal, 0, readChanges(signal));
}

/** Finds out who asks and which kinds there are, as often as it takes. */
async function start() {
  clearTimeout(again);
  try {
    await recognise();
    const reply = await get("api/v1/kinds");
    model.lowercase = reply.lowercase;
    $("kind").replaceChildren(...reply.kinds.map((each) => element("option", each)));
    defaultKind = ["hub", ...reply.kinds].find((kind) => reply.kinds.includes(kind)) ?? "";
    $("kind").value = reply.kinds.includes(view().kind) ? view().kind : defaultKind;
    if (!$("kind").value) {
      status("There are no bins yet.");
      return;
    }
    watch();
    showView();
  } catch (problem) {
    status(problem.message, true);
    signOutIfRefused(problem);
    if (problem.status === 401) withToken(start);
    else again = setTimeout(start, 3 * second);
  }
}

// ---- wiring

function build() {
  $("filter-state").append(element("option", "any state", { value: "" }), ...Object.keys(states).map((state) => element("option", state)));
  $("sort-by").append(...Object.keys(orders).flatMap((order) => [element("option", `${order} ↑`, { value: order }), element("option", `${order} ↓`, { value: `-${order}` })]));
  $("bins-export").append(...exportButtons("bins", () => shownBins(view())));
  for (const name of filters) $(`filter-${name}`).addEventListener("input", () => adjust({ [name]: $(`filter-${name}`).value }));
  $("sort-by").addEventListener("change", () => adjust({ sort: $("sort-by").value }));
  $("filter").addEventListener("reset", () => { adjust({ text: "", state: "", label: "" }); $("filter-text").focus(); });
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("add-bin").addEventListener("click", addBin);
  $("rebalance").addEventListener("click", () => rebalance(openShown()));
  $("cordon-shown").addEventListener("click", () => becomeAll(shownBins(view()), "cordoned"));
  $("open-shown").addEventListener("click", () => becomeAll(shownBins(view()), "open"));
  $("kind").addEventListener("change", () => {
    adjust({ kind: $("kind").value, text: "", state: "", label: "", bin: "", user: "" });
  });
  $("sign").addEventListener("click", () => {
    if (hasToken()) {
      signOut();
      start();
    } else {
      withToken(start);
    }
  });
}

/** The open bins shown, if there is a filter. */
const openShown = () => ($("filter-clear").hidden ? null : shownBins(view()).filter(states.open));

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (event.key === "Escape" && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    if (event.key === "Escape" || !menu.contains(event.target) || event.target.closest("button")) menu.open = false;
  }
}

/** The button that opened the dialog may be gone; then the focus goes to the title of what is shown. */
$("ask").addEventListener("close", () => setTimeout(() => {
  if (document.activeElement === document.body) ($("bin").hidden ? $("bins-title") : $("bin-title")).focus();
}));

build();
onView(showView);
onAnswer((problem) => {
  signOutIfRefused(problem);
  document.dispatchEvent(new Event("sharder-now"));
});
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenus(event); });
setInterval(() => renewTimes(document), 30 * second);
start();
