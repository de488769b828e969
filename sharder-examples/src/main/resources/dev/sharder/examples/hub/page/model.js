// What the page knows of the kind it shows, and what follows from that.

import { labelsText, naturalKey } from "./format.js";
import { path } from "./api.js";

export const model = { kind: "", lowercase: [], me: null, bins: [], byName: new Map(), status: null };

export const inKind = (...names) => path(model.kind, ...names);

/** What is worked out once for a bin; a symbol, so that it is not exported. */
const key = Symbol("key");

export function setBins(bins) {
  const known = model.byName;
  for (const bin of bins) bin[key] = known.get(bin.bin)?.[key] ?? naturalKey(bin.bin);
  model.bins = bins.sort((a, b) => compare(a[key], b[key]));
  model.byName = new Map(bins.map((bin) => [bin.bin, bin]));
  const open = bins.filter((bin) => bin.state === "open");
  model.load = sum(bins, (bin) => bin.load);
  const weights = sum(open, (bin) => bin.weight);
  model.meanPerWeight = weights ? sum(open, (bin) => bin.load) / weights : 0;
}

/** Adds a bin, or replaces the one of its name. */
export const putBin = (bin) => setBins([...model.bins.filter((one) => one.bin !== bin.bin), bin]);

export function sum(list, value) {
  let total = 0;
  for (const one of list) total += value(one);
  return total;
}

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

const stateOrder = { open: 0, cordoned: 2, draining: 3, retired: 4 };
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** What the table can be sorted by; equal bins are in the order of their names. */
export const orders = {
  name: (bin) => bin[key],
  state: (bin) => stateOrder[bin.state] + (isFull(bin) ? 1 : 0),
  load: (bin) => bin.load,
  room,
  share: (bin) => bin.load,
};

/** Returns the bins that match the filter of a view, in its order. */
export function shownBins({ text, state, label, sort }) {
  let bins = model.bins;
  if (state) bins = bins.filter(own(states, state) ?? (() => false));
  if (label) bins = bins.filter((bin) => labelsText(bin.labels).includes(label));
  if (text) bins = bins.filter(contains(text.toLowerCase()));
  const order = own(orders, sort.replace("-", "")) ?? orders.name;
  const turn = sort.startsWith("-") ? -1 : 1;
  if (order === orders.name) return turn > 0 ? bins : [...bins].reverse();
  return bins.map((bin) => [order(bin), bin]).sort((a, b) => turn * compare(a[0], b[0])).map(([, bin]) => bin);
}

/** Names in URLs may be those that every object inherits. */
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

const contains = (text) => (bin) =>
  bin.bin.toLowerCase().includes(text) || labelsText(bin.labels).some((label) => label.toLowerCase().includes(text));

/** Returns the labels of all bins, for the filter. */
export const allLabels = () => [...new Set(model.bins.flatMap((bin) => labelsText(bin.labels)))].sort();

/** Returns the numbers of the first row. */
export function totals() {
  const count = (state) => sum(model.bins, (bin) => (states[state](bin) ? 1 : 0));
  const open = model.bins.filter(states.open);
  const limited = open.filter((bin) => bin.capacity !== null);
  let fullest = 0;
  let emptiest = Infinity;
  for (const bin of open) {
    fullest = Math.max(fullest, bin.load / bin.weight);
    emptiest = Math.min(emptiest, bin.load / bin.weight);
  }
  return {
    users: sum(model.bins, (bin) => bin.assigned),
    counts: ["open", "full", "cordoned", "draining", "retired", "down"].map((state) => [state, count(state)]),
    spread: open.length ? fullest - emptiest : 0,
    isWeighted: open.some((bin) => bin.weight !== 1),
    room: sum(limited, room),
    limited: limited.length,
    open: open.length,
  };
}
