// Adds and changes bins. The consequence is said before anything is done.

import { ask } from "./api.js";
import { confirm, goesOn, isAsked, offerStop, showProgress } from "./dialog.js";
import { element, field, input, longestName, named } from "./elements.js";
import { labelsText, many, number } from "./format.js";
import { inKind, putBin } from "./model.js";
import { given, reasonField } from "./plan.js";
import { withToken } from "./signin.js";
import { goTo } from "./view.js";

const change = (bin, shape) => ask("PATCH", inKind("bins", bin.bin), shape);

const stays = (bin) => `${many(bin.assigned, "user")} stay${bin.assigned === 1 ? "s" : ""} where they are.`;
const consequences = {
  cordoned: (bin) => `It takes no new users. ${stays(bin)}`,
  open: () => "It takes new users again, before bins that are fuller.",
  retired: (bin) => (bin.assigned ? `${many(bin.assigned, "user")} must leave first: drain it, and retire it when it is empty.` : "It is empty. It takes no users until it is opened again, and stays in the history."),
};
const verbs = { cordoned: "Cordon", open: "Open", retired: "Retire" };

/** Puts a bin into another state. */
export const become = (bin, state) => withToken(() => {
  const reason = reasonField();
  const isRefused = state === "retired" && bin.assigned > 0;
  confirm({
    title: `${verbs[state]} ${bin.bin}`,
    body: [element("p", consequences[state](bin)), isRefused ? null : field("Reason", reason)],
    name: verbs[state],
    apply: isRefused ? null : async () => { await change(bin, { state, reason: given(reason) }); },
  });
});

/** The settings of a bin as fields, and what was entered in them. */
function shapeFields(bin) {
  const weight = input({ type: "number", min: 1, max: 1_000_000, step: 1, required: true, value: bin?.weight ?? 1 });
  const offset = input({ type: "number", min: 0, max: 1_000_000_000, step: 1, required: true, value: bin?.offset ?? 0 });
  const capacity = input({ type: "number", min: 0, max: 1_000_000_000, step: 1, placeholder: "no limit", value: bin?.capacity ?? "" });
  const labels = element("textarea", bin ? labelsText(bin.labels).join("\n") : "", { rows: 3, spellcheck: "false", placeholder: "region=eu" });
  const reason = reasonField();
  return {
    fields: [
      element("div", [
        field("Weight", weight, "its share of new users"),
        field("Offset", offset, "load that is not in the database"),
        field("Capacity", capacity, "full when its load reaches this"),
      ], { class: "fields" }),
      field("Labels", labels, "one a line, such as region=eu"),
      field("Reason", reason),
    ],
    entered: () => ({
      weight: Number(weight.value),
      offset: Number(offset.value),
      capacity: capacity.value === "" ? null : Number(capacity.value),
      labels: parsedLabels(labels.value),
      reason: given(reason),
    }),
  };
}

function parsedLabels(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(lines.map((line) => {
    const sign = line.indexOf("=");
    if (sign < 1) throw new Error(`The label '${line}' has no value; write it like region=eu.`);
    return [line.slice(0, sign).trim(), line.slice(sign + 1).trim()];
  }));
}

export const addBin = () => withToken(() => {
  const name = input({ maxlength: longestName, required: true });
  const { fields, entered } = shapeFields(null);
  confirm({
    title: "Add a bin",
    body: [element("p", "It takes new users at once, before bins that are fuller. No one who has a bin moves."), field("Name", name), ...fields],
    name: "Add",
    apply: async (question) => {
      const bin = name.value.trim();
      const added = await ask("PUT", inKind("bins", bin), entered(), { isOnlyNew: true });
      if (!isAsked(question)) return;
      putBin(added);
      setTimeout(() => goTo({ bin }));
    },
  });
});

export const changeBin = (bin) => withToken(() => {
  const { fields, entered } = shapeFields(bin);
  confirm({
    title: `Change ${bin.bin}`,
    body: [element("p", `Only where new users go changes. ${stays(bin)}`), ...fields],
    name: "Change",
    apply: async () => {
      await change(bin, changed(bin, entered()));
    },
  });
});

/** Returns what differs from the bin as it was shown, so that what someone else changed meanwhile stays. */
function changed(bin, shape) {
  const settings = Object.entries(shape).filter(([name, value]) => value !== bin[name]);
  return { ...Object.fromEntries(settings), labels: changedLabels(bin.labels, shape.labels) };
}

function changedLabels(before, after) {
  const gone = Object.keys(before).filter((label) => !Object.hasOwn(after, label)).map((label) => [label, null]);
  return Object.fromEntries([...Object.entries(after).filter(([label, value]) => before[label] !== value), ...gone]);
}

/** Cordons the bins shown that are open, or opens those that are cordoned. */
export const becomeAll = (shown, state) => withToken(() => {
  const from = state === "open" ? "cordoned" : "open";
  const bins = shown.filter((bin) => bin.state === from);
  const reason = reasonField();
  const verb = verbs[state];
  confirm({
    title: `${verb} ${many(bins.length, "bin")}`,
    body: bins.length
      ? [element("p", state === "open" ? "They take new users again. Bins that are being drained stay so." : "They take no new users. Their users stay where they are."), nameList(bins), field("Reason", reason)]
      : element("p", `None of the ${many(shown.length, "bin")} shown is ${from}.`),
    name: verb,
    apply: bins.length ? (question) => changeEach(question, bins, state, given(reason)) : null,
  });
});

function nameList(bins) {
  const most = 20;
  const more = bins.length - most;
  return element("p", [bins.slice(0, most).flatMap((bin, i) => [i ? ", " : "", named(bin.bin)]), more > 0 ? ` and ${number(more)} more` : ""], { class: "hint" });
}

async function changeEach(question, bins, state, reason) {
  const failed = [];
  let changed = 0;
  offerStop(question);
  for (const bin of bins) {
    if (!goesOn(question)) break;
    showProgress(question, changed, bins.length, "changed");
    try {
      await change(bin, { state, reason });
      changed++;
    } catch (problem) {
      if (problem.status === 401) throw problem;
      failed.push([bin.bin, problem.message]);
    }
  }
  showProgress(question, changed, bins.length, "changed");
  return [
    element("p", `${many(changed, "bin")} changed${changed + failed.length < bins.length ? "; stopped before the others" : ""}.`),
    failed.length ? element("ul", failed.map(([name, why]) => element("li", [named(name), `: ${why}`])), { class: "refused" }) : "",
  ];
}
