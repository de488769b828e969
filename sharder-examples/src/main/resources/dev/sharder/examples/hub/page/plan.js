// Plans that move users: seen first, then run in pieces, with progress, until nothing is left or it is stopped.

import { Problem, ask } from "./api.js";
import { planBars } from "./bars.js";
import { confirm, goesOn, offerStop, showBody, showProgress } from "./dialog.js";
import { element, field, input, named, unseen } from "./elements.js";
import { many, number } from "./format.js";
import { inKind } from "./model.js";
import { withToken } from "./signin.js";

const pieces = 200;
const mostShown = 100;
const filesFirst = "Only the assignments move: users are sent to the new bin from then on. Running servers and files stay where they are; stop the servers and copy the files first.";

export const reasonField = () => input({ name: "reason", maxlength: 1000, placeholder: "for the history" });
export const given = (reason) => reason.value.trim() || "on the page";

export const drain = (bin) => withToken(() => askForPlan({
  title: `Drain ${bin.bin}`,
  name: "Drain",
  first: "From now on it takes no new users. Its users move to the open bins that are then emptiest.",
  make: () => ask("POST", inKind("plans"), { drain: bin.bin }),
  prepare: (reason) => ask("PATCH", inKind("bins", bin.bin), { state: "draining", reason }),
}));

/** Asks for limits, and then shows the plan within them. */
export const rebalance = (shown) => withToken(() => {
  const atMost = input({ type: "number", min: 0, step: 1, placeholder: "no limit" });
  const threshold = input({ type: "number", min: 0, step: "any", placeholder: "0" });
  const only = input({ type: "checkbox" });
  confirm({
    title: "Rebalance",
    body: [
      element("p", "Plans the fewest moves after which the open bins are even by weight. Nothing moves before you have seen the plan."),
      field("At most this many moves", atMost),
      field("Only if the fullest and the emptiest come closer by", threshold, "load for each unit of weight"),
      shown && element("label", [only, ` Only among the ${many(shown.length, "open bin")} shown`], { class: "check" }),
    ].filter(Boolean),
    name: "Plan",
    apply: async () => {
      const make = (moved) => ask("POST", inKind("plans"), { rebalance: {
        atMost: atMost.value === "" ? null : Math.max(0, Number(atMost.value) - moved),
        threshold: threshold.value === "" ? null : Number(threshold.value),
        only: only.checked ? shown.map((bin) => bin.bin) : null,
      } });
      const wish = { title: "Rebalance", name: "Rebalance", first: "", make, prepare: async () => {} };
      const plan = await make(0);
      setTimeout(() => show(wish, plan));
    },
  });
});

async function askForPlan(wish) {
  try {
    show(wish, await wish.make(0));
  } catch (problem) {
    confirm({ title: wish.title, body: element("p", problem.message) });
  }
}

function show(wish, plan) {
  const agreed = { plan };
  const reason = reasonField();
  const body = () => [...planned(wish, agreed.plan), field("Reason", reason)];
  const nothing = !plan.moves && wish.name === "Rebalance";
  confirm({
    title: wish.title,
    body: nothing ? element("p", "Nothing to move: the open bins are even within these limits.") : body(),
    name: wish.name,
    apply: nothing ? null : (question) => run(question, wish, agreed, given(reason), body),
  });
}

/** What a plan does, in words, and before and after as two bars a bin. */
function planned(wish, plan) {
  return [
    element("p", [element("strong", `${many(plan.moves ?? 0, "move")}. `), `${wish.first} ${filesFirst}`]),
    plan.stranded ? element("p", `${many(plan.stranded, "user")} would stay: no other bin has room.`, { class: "warn" }) : null,
    ...levels(plan.bins ?? []),
  ];
}

function levels(bins) {
  const changed = bins.filter((bin) => bin.load !== bin.then).sort((a, b) => Math.abs(b.then - b.load) - Math.abs(a.then - a.load));
  if (!changed.length) return [];
  const most = Math.max(...changed.flatMap((bin) => [bin.load, bin.then]));
  const rows = changed.slice(0, mostShown).map((bin) => {
    const [before, after] = planBars(bin, most);
    const moves = bin.then - bin.load;
    return element("tr", [
      element("th", named(bin.bin), { scope: "row" }),
      element("td", [unseen("before "), before, unseen("after "), after]),
      element("td", `${moves > 0 ? "+" : "−"}${number(Math.abs(moves))}`, { class: "number" }),
    ], { "data-bin": bin.bin });
  });
  const more = changed.length - rows.length;
  return [
    element("div", element("table", [
      element("thead", element("tr", [
        element("th", "Bin", { scope: "col" }),
        element("th", ["Load ", element("span", "before", { class: "legend before" }), " ", element("span", "after", { class: "legend after" })], { scope: "col" }),
        element("th", "Change", { scope: "col", class: "number" }),
      ])),
      element("tbody", rows),
    ], { id: "plan" }), { class: "scroll", tabindex: "0", role: "group", "aria-label": "The plan" }),
    more > 0 ? element("p", `and ${many(more, "more bin")} with smaller changes`, { class: "hint" }) : null,
  ];
}

/** Whether the plan uses only bins that were agreed to and strands no more users; the counts may change as new users come. */
function isWithin(plan, agreed) {
  const targets = new Set(agreed.bins.filter((bin) => bin.then > bin.load).map((bin) => bin.bin));
  return plan.flows.every((flow) => targets.has(flow.to)) && (plan.stranded ?? 0) <= (agreed.stranded ?? 0);
}

async function planAgain(wish, agreed, moved, body) {
  const plan = await wish.make(moved);
  if (isWithin(plan, agreed.plan)) return plan;
  agreed.plan = plan;
  showBody(body());
  throw new Problem(409, "Something changed meanwhile. This is the new plan; accept it or cancel.");
}

async function run(question, wish, agreed, reason, body) {
  const done = { moved: 0, skipped: 0, left: 0, refused: [] };
  await wish.prepare(reason);
  let plan = await planAgain(wish, agreed, 0, body);
  done.left = plan.moves ?? 0;
  offerStop(question);
  for (let tries = 0; done.left > 0 && goesOn(question);) {
    showProgress(question, done.moved, done.moved + done.skipped + done.left, "moved");
    try {
      plan = await runPiece(plan, reason, done);
      tries = 0;
    } catch (problem) {
      if (problem.status !== 409 || ++tries > 5) throw problem;
      plan = await planAgain(wish, agreed, done.moved, body);
      done.left = plan.moves ?? 0;
    }
  }
  showProgress(question, done.moved, done.moved + done.left, "moved");
  return result(done, agreed.plan.stranded ?? 0);
}

async function runPiece(plan, reason, done) {
  const piece = await ask("POST", inKind("plans", "apply"), { plan, limit: pieces, reason });
  done.moved += piece.moved;
  done.skipped += piece.skipped;
  done.left = piece.left;
  done.refused.push(...piece.refused.slice(0, mostShown - done.refused.length));
  return piece.plan;
}

function result(done, stranded) {
  const shown = [element("p", `${done.left ? "Stopped. " : ""}${many(done.moved, "move")} made${done.left ? `, ${number(done.left)} not` : ""}.`)];
  if (stranded) shown.push(element("p", `${many(stranded, "user")} had no room elsewhere.`));
  if (done.skipped) shown.push(...skipped(done));
  return shown;
}

function skipped({ skipped: count, refused }) {
  const others = count - refused.length;
  return [
    element("p", `${number(count)} skipped${others > 0 ? `; ${number(others)} of them because fewer users may move than were planned` : ""}:`),
    element("ul", refused.map((one) => element("li", [named(one.object), `: ${one.detail}`])), { class: "refused" }),
  ];
}
