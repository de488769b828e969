// Plans that move users: seen first, then run in pieces, with progress, until nothing is left or it is stopped.

import { Problem, ask, isInDoubt } from "./api.js";
import { planBars } from "./bars.js";
import { confirm, goesOn, isAsked, offerStop, showBody, showProgress } from "./dialog.js";
import { element, field, input, named, unseen } from "./elements.js";
import { many, number } from "./format.js";
import { inKind, sum } from "./model.js";
import { withToken } from "./signin.js";

/** The most moves, and so the most flows, of one request. */
const pieces = 200;
const mostTries = 5;
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
  prepared: " The bin is draining already; Cancel leaves it so.",
  isUndone: (plan) => plan.bins.some((one) => one.bin === bin.bin && one.state === "open"),
  undone: `Someone opened ${bin.bin} meanwhile. Drain it again, or leave it so.`,
}));

/** Asks for limits, and then shows the plan within them; nothing must be prepared, and nothing can be undone. */
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
      shown?.length ? element("label", [only, ` Only among the ${many(shown.length, "open bin")} shown`], { class: "check" }) : null,
      shown?.length === 0 && element("p", "None of the bins shown is open, so the plan is for all open bins.", { class: "hint" }),
    ].filter(Boolean),
    name: "Plan",
    apply: async (question) => {
      const make = (moved) => ask("POST", inKind("plans"), { rebalance: {
        atMost: atMost.value === "" ? null : Math.max(0, Number(atMost.value) - moved),
        threshold: threshold.value === "" ? null : Number(threshold.value),
        only: only.checked ? shown.map((bin) => bin.bin) : null,
      } });
      const plan = await make(0);
      if (isAsked(question)) show({ title: "Rebalance", name: "Rebalance", first: "", make, prepare: null, prepared: "", isUndone: () => false }, plan);
    },
  });
});

async function askForPlan(wish) {
  const question = confirm({ title: wish.title, body: element("p", "Planning…") });
  try {
    const plan = await wish.make(0);
    if (isAsked(question)) show(wish, plan);
  } catch (problem) {
    if (isAsked(question)) confirm({ title: wish.title, body: element("p", problem.message) });
  }
}

/**
 * Shows a plan, and runs it once it is agreed to. The work keeps the plan that was agreed to, the flows done since,
 * what is left of the plan that runs, and the moves made in all, with those that may have been made.
 */
function show(wish, plan) {
  const work = { wish, prepare: wish.prepare, agreed: plan, done: [], plan, moved: 0, unknown: 0, skipped: 0, refused: [], stranded: plan.stranded, problem: "" };
  const reason = reasonField();
  work.body = () => [...planned(wish, work.agreed), field("Reason", reason)];
  const nothing = !plan.moves && wish.name === "Rebalance";
  confirm({
    title: wish.title,
    body: nothing ? element("p", "Nothing to move: the open bins are even within these limits.") : work.body(),
    name: wish.name,
    apply: nothing ? null : (question) => run(question, work, given(reason)),
  });
}

/** What a plan does, in words, and before and after as two bars a bin. */
function planned(wish, plan) {
  return [
    element("p", [element("strong", `${many(plan.moves, "move")}. `), `${wish.first} ${filesFirst}`]),
    plan.stranded ? element("p", `${many(plan.stranded, "user")} would stay: no other bin has room.`, { class: "warn" }) : null,
    ...levels(plan.bins),
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

/** Whether no bin gives or gets more users in all than agreed, and no more are stranded. */
function isWithin(plan, { agreed, done }) {
  const most = unitsOf(agreed.flows);
  return plan.stranded <= agreed.stranded && [...unitsOf([...done, ...plan.flows])].every(([side, units]) => units <= (most.get(side) ?? 0));
}

/** Returns how many units each bin gives, and how many it gets. */
function unitsOf(flows) {
  const units = new Map();
  for (const flow of flows) {
    for (const side of [`from ${flow.from}`, `to ${flow.to}`]) units.set(side, (units.get(side) ?? 0) + flow.units);
  }
  return units;
}

/** Plans what is left again; throws if that is more than was agreed, and then shows it. */
async function planAgain(question, work) {
  if (!goesOn(question)) return;
  const { wish } = work;
  const plan = await wish.make(work.moved);
  if (!goesOn(question)) return;
  if (wish.isUndone(plan)) {
    work.prepare = wish.prepare;
    throw new Problem(409, wish.undone);
  }
  const isAgreed = isWithin(plan, work);
  Object.assign(work, { plan, stranded: plan.stranded });
  if (isAgreed) return;
  Object.assign(work, { agreed: plan, done: [] });
  showBody(work.body());
  throw new Problem(409, `Something changed meanwhile. This is the new plan; accept it or cancel.${wish.prepared}`);
}

async function run(question, work, reason) {
  try {
    await prepare(question, work, reason);
    offerStop(question);
    await runPieces(question, work, reason);
  } catch (problem) {
    // As nothing moved since the plan was shown, it can be accepted again.
    if (!work.done.length && !work.unknown) throw problem;
    work.problem = problem.message;
  }
  showProgress(question, work.moved, work.moved + left(work), "moved");
  return result(work);
}

/** Prepares what must be before the first move, which makes the plan an old one. */
async function prepare(question, work, reason) {
  if (!work.prepare) return;
  await work.prepare(reason);
  work.prepare = null;
  await planAgain(question, work);
}

const left = (work) => sum(work.plan.flows, (flow) => flow.units);

async function runPieces(question, work, reason) {
  for (let tries = 0; left(work) > 0 && goesOn(question);) {
    showProgress(question, work.moved, work.moved + work.skipped + left(work), "moved");
    try {
      await runPiece(work, reason);
      tries = 0;
    } catch (problem) {
      if (problem.status !== 409 || ++tries > mostTries) throw problem;
      await planAgain(question, work);
    }
  }
}

/** Sends no more of the plan than a piece, because the whole of a large one is too long for a request. */
async function runPiece(work, reason) {
  const { kind, revision, flows } = work.plan;
  const sent = flows.slice(0, pieces);
  const piece = await ask("POST", inKind("plans", "apply"), { plan: { kind, revision, flows: sent }, limit: pieces, reason }).catch((problem) => {
    if (isInDoubt(problem)) work.unknown = Math.min(pieces, left(work));
    throw problem;
  });
  const rest = piece.plan.flows;
  work.plan = { kind, revision: piece.plan.revision, flows: [...rest, ...flows.slice(pieces)] };
  work.done.push(...sent, ...rest.map((flow) => ({ ...flow, units: -flow.units })));
  work.moved += piece.moved;
  work.skipped += piece.skipped;
  work.refused.push(...piece.refused.slice(0, mostShown - work.refused.length));
}

function result(work) {
  const rest = left(work) - work.unknown;
  const shown = [element("p", `${left(work) ? "Stopped. " : ""}${many(work.moved, "move")} made${rest ? `, ${number(rest)} not` : ""}.`)];
  if (work.unknown) shown.push(element("p", `${many(work.unknown, "move")} may also have been made: the answer to the last part was lost.`, { class: "warn" }));
  if (work.problem) shown.push(element("p", work.problem, { class: "warn" }));
  if (work.stranded) shown.push(element("p", `${many(work.stranded, "user")} had no room elsewhere.`));
  if (work.skipped) shown.push(...skipped(work));
  return shown;
}

function skipped({ skipped: count, refused }) {
  const others = count - refused.length;
  return [
    element("p", `${number(count)} skipped${others > 0 ? `; ${number(others)} of them because fewer users may move than were planned` : ""}:`),
    element("ul", refused.map((one) => element("li", [named(one.object), `: ${one.detail}`])), { class: "refused" }),
  ];
}
