// What the page knows of the kind it shows, and what follows from that.

import { labelsText, naturalKey } from "./format.js";
import { path } from "./api.js";

export const model = { kind: "", lowercase: [], me: null, bins: [], byName: new Map(), status: null };

export const inKind = (...names) => path(model.kind, ...names);

/** The keys of the names, which seldom change. */
let keys = new Map();

export function setBins(bins) {
  const known = keys;
  keys = new Map(bins.map((bin) => [bin.bin, known.get(bin.bin) ?? naturalKey(bin.bin)]));
  model.bins = bins;
  model.byName = new Map(bins.map((bin) => [bin.bin, bin]));
  const open = bins.filter((bin) => bin.state === "open");
  model.load = sum(bins, (bin) => bin.load);
  const weights = sum(open, (bin) => bin.weight);
  model.meanPerWeight = weights ? sum(open, (bin) => bin.load) / weights : 0;
}

export const sum = (list, value) => list.reduce((total, one) => total + value(one), 0);

export const isFull = (bin) => bin.state === "open" && bin.refusal !== null;

/** Returns the room that is left; Infinity without a capacity. */
export const room = (bin) => (bin.capacity === null ? Infinity : Math.max(0, bin.capacity - bin.load));

/** The load that the bin would have if all open bins were even. */
export const mean = (bin) => bin.weight * model.meanPerWeight;

/** The states to filter by, with the condition of each. */
export const states = {
  open: (bin) => bin.state === "open",
  "with room": (bin) => bin.state === "open" && bin.refusal === null,
  full: isFull,
  cordoned: (bin) => bin.state === "cordoned",
  draining: (bin) => bin.state === "draining",
  retired: (bin) => bin.state === "retired",
  down: (bin) => bin.up === false,
};

const stateOrder = ["open", "cordoned", "draining", "retired"];
const byKey = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** The columns to sort by. */
export const orders = {
  name: (a, b) => byKey(keys.get(a.bin), keys.get(b.bin)),
  state: (a, b) => stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state) || isFull(a) - isFull(b),
  load: (a, b) => a.load - b.load,
  room: (a, b) => byKey(room(a), room(b)),
  share: (a, b) => a.load - b.load,
};

/** Returns the bins that match the filter of a view, in its order. */
export function shownBins({ text, state, label, sort }) {
  const wanted = text.toLowerCase();
  const matches = (bin) =>
    (!wanted || bin.bin.toLowerCase().includes(wanted) || labelsText(bin.labels).some((each) => each.toLowerCase().includes(wanted)))
    && (!state || (states[state]?.(bin) ?? false))
    && (!label || labelsText(bin.labels).includes(label));
  const column = sort.replace("-", "");
  const order = orders[column] ?? orders.name;
  const turn = sort.startsWith("-") ? -1 : 1;
  return model.bins.filter(matches).sort((a, b) => turn * order(a, b) || orders.name(a, b));
}

/** Returns the labels of all bins, for the filter. */
export const allLabels = () => [...new Set(model.bins.flatMap((bin) => labelsText(bin.labels)))].sort();

/** Returns the numbers of the first row. */
export function totals() {
  const count = (state) => model.bins.filter(states[state]).length;
  const open = model.bins.filter(states.open);
  const levels = open.map((bin) => bin.load / bin.weight);
  const limited = open.filter((bin) => bin.capacity !== null);
  return {
    users: sum(model.bins, (bin) => bin.assigned),
    counts: ["open", "full", "cordoned", "draining", "retired", "down"].map((state) => [state, count(state)]),
    spread: levels.length ? levels.reduce((a, b) => Math.max(a, b)) - levels.reduce((a, b) => Math.min(a, b)) : 0,
    isWeighted: open.some((bin) => bin.weight !== 1),
    room: sum(limited, room),
    limited: limited.length,
    open: open.length,
  };
}
