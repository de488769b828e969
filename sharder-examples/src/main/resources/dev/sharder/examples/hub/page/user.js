// A user's card: where they are, what happened to them, and a move.

import { ask, get } from "./api.js";
import { confirm } from "./dialog.js";
import { $, button, element, field, input, longestName, named, say, time } from "./elements.js";
import { binLink, changeLine } from "./entries.js";
import { many, number } from "./format.js";
import { inKind, model } from "./model.js";
import { given, reasonField } from "./plan.js";
import { withToken } from "./signin.js";
import { goTo, view } from "./view.js";

const mostBins = 200;
const mostReasons = 20;
const mostHistory = 100;
let shown = "";

/** How many cards were asked for, and the number of the last one that is shown or not wanted any more. */
let asked = 0;
let settled = 0;

/** Shows the card of the user whom the view names, or none. */
export async function showUser() {
  const { user } = view();
  if (user === shown) return;
  forgetUser();
  if (!user) return;
  shown = user;
  $("user").hidden = false;
  await renewUser();
  if (shown === user) $("user-title")?.focus();
}

export function forgetUser() {
  shown = "";
  settled = asked;
  $("user").hidden = true;
  $("user").replaceChildren();
}

/** Reads the card again if one of the changes or assignments concerns it. */
export function followUser(news) {
  if (shown && news.some((one) => one.object === shown)) renewUser();
}

/** Shows the card as it is now; if it cannot be read, the one before stays, with the problem. */
async function renewUser() {
  const number = ++asked;
  const object = shown;
  const card = await cardOf(object).catch((problem) => problem);
  // A later one was faster.
  if (number <= settled || !card) return;
  settled = number;
  if (card instanceof Error) {
    if (!$("user-title")) $("user").replaceChildren(...heading(object));
    say($("user-problem"), card.message);
    return;
  }
  const focused = $("user").contains(document.activeElement) && (document.activeElement.id || "user-title");
  const typed = $("to")?.value ?? "";
  $("user").replaceChildren(...card);
  if ($("to") && typed !== $("home").textContent) $("to").value = typed;
  if (focused) ($(focused) ?? $("user-title")).focus();
}

async function cardOf(object) {
  const [explained, history] = await Promise.all([
    get(inKind("assignments", object, "explain")),
    get(inKind("assignments", object, "history")),
  ]);
  const spelled = object.toLowerCase();
  // No user has exactly this name, and nginx would have lowercased it.
  if (!explained.assignment && spelled !== object && model.lowercase.includes(model.kind)) {
    if (shown === object) goTo({ user: spelled });
    return null;
  }
  return [...heading(object), ...(explained.assignment ? home(explained.assignment) : wouldGet(explained)), ...story(history.changes)];
}

function heading(object) {
  const title = element("div", [
    element("h2", named(object), { id: "user-title", tabindex: "-1" }),
    element("span", "", { class: "gap" }),
    button("Close", () => { goTo({ user: "" }); $("find").focus(); }, { class: "quiet", "aria-label": "Close the user's card" }),
  ], { class: "title" });
  return [title, element("p", "", { id: "user-problem", class: "warn", role: "status" })];
}

const fact = (term, value) => element("div", [element("dt", term), element("dd", value)]);

function home(assignment) {
  return [
    element("dl", [
      fact("Bin", element("strong", binLink(assignment.bin), { id: "home" })),
      fact("Since", time(assignment.assignedAt)),
      fact("Size", number(assignment.size)),
      fact("Group", assignment.group === null ? "none" : named(assignment.group)),
      fact("Version", number(assignment.version)),
    ], { class: "facts" }),
    mover(assignment),
  ];
}

function wouldGet({ wouldGet: bin, others }) {
  const reasons = Object.entries(others);
  const more = reasons.length - mostReasons;
  return [
    element("p", bin ? ["New: would go to ", element("strong", binLink(bin), { id: "home" }), "."] : "New, and no bin would take them."),
    reasons.length ? element("details", [
      element("summary", "Why no other bin"),
      element("ul", reasons.slice(0, mostReasons).map(([name, why]) => element("li", [binLink(name), " ", element("span", why, { class: "hint" })])), { class: "reasons" }),
      more > 0 ? element("p", `and ${many(more, "more bin")}`, { class: "hint" }) : "",
    ]) : "",
  ];
}

function story(changes) {
  if (!changes.length) return [];
  const latest = changes.slice(-mostHistory).reverse();
  return [
    element("h3", "History"),
    element("ol", latest.map((change) => element("li", changeLine({ ...change, object: null }))), { id: "history", class: "entries" }),
    changes.length > latest.length ? element("p", `and ${number(changes.length - latest.length)} earlier ones`, { class: "hint" }) : "",
  ];
}

/** The open bins, the emptiest first; any other can be typed. */
function targets(home) {
  return model.bins
    .filter((bin) => bin.bin !== home && bin.refusal === null)
    .sort((a, b) => a.load / a.weight - b.load / b.weight)
    .slice(0, mostBins);
}

function mover(assignment) {
  const bins = targets(assignment.bin);
  const list = element("datalist", bins.map((bin) => element("option", `load ${number(bin.load)}`, { value: bin.bin })), { id: "targets" });
  const to = input({ id: "to", list: "targets", required: true, maxlength: longestName, placeholder: "bin" });
  const form = element("form", [
    element("label", [element("span", "Move to"), to]), list, element("button", "Move", { id: "move" }),
  ], { class: "move" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    withToken(() => askToMove(assignment, to.value));
  });
  return form;
}

function askToMove(assignment, bin) {
  const reason = reasonField();
  const { object, group, version } = assignment;
  confirm({
    title: `Move ${object}`,
    body: [
      element("p", [element("strong", "Does: "), "from now on ", named(object), " is sent to ", named(bin), " instead of ", named(assignment.bin),
        group === null ? "" : [", with everyone in the group ", named(group)], ". The history records it."].flat()),
      element("p", [element("strong", "Does not: "), "touch a running server or any files. They stay on ", named(assignment.bin), "; stop the server and copy the files first."]),
      field("Reason", reason),
    ],
    name: "Move",
    apply: async () => {
      await ask("POST", inKind("assignments", object, "move"), { bin, version, reason: given(reason) });
      await renewUser();
      // Once the dialog is closed.
      setTimeout(() => $("user-title").focus());
    },
  });
}
