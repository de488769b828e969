// How assignments and changes are written, in lists and in files, wherever they appear.

import { get, withQuery } from "./api.js";
import { element, named, time } from "./elements.js";
import { inKind } from "./model.js";
import { follow } from "./view.js";

export const userLink = (name) => follow(element("a", named(name)), { user: name });
export const binLink = (name) => follow(element("a", named(name)), { bin: name });

const words = {
  assigned: "assigned", moved: "moved", removed: "removed", "bin-added": "added", "bin-updated": "changed",
  "bin-opened": "opened", "bin-cordoned": "cordoned", "bin-draining": "draining", "bin-retired": "retired", "bin-recounted": "recounted",
};

function way({ from, to }) {
  const bins = [...new Set([from, to])].filter(Boolean);
  return bins.flatMap((bin, i) => [i ? " → " : "", binLink(bin)]);
}

export function changeLine(change, user = userLink) {
  const who = [change.actor && ["by ", named(change.actor)], change.reason && [": ", named(change.reason)]].filter(Boolean);
  return [
    element("span", [change.object !== null && [user(change.object), " "], element("span", `${words[change.what] ?? change.what} `, { class: "what" }), way(change)].filter(Boolean).flat(2), { class: "event" }),
    time(change.at),
    element("span", who.flat(), { class: "hint why" }),
  ];
}

export const changesFeed = (filter, filters) => ({
  title: "Changes",
  filters,
  load: async (query) => get(withQuery(inKind("changes"), { ...query, ...filter })),
  matches: (change, { bin = "", actor = "" }) => {
    const wanted = [bin, filter.bin].filter(Boolean);
    return wanted.every((name) => change.from === name || change.to === name) && (!actor || change.actor === actor);
  },
  key: (change) => change.id,
  at: (change) => change.at,
  line: (change) => changeLine(change),
});

export const newestFeed = {
  title: "Newest assignments",
  hint: "Those that this server made since it started.",
  filters: ["bin"],
  load: async (query) => get(withQuery(inKind("newest"), query)),
  matches: (assignment, { bin }) => !bin || assignment.bin === bin,
  key: ({ object, assignedAt }) => `${assignedAt} ${object}`,
  at: (assignment) => assignment.assignedAt,
  line: (assignment) => [element("span", [userLink(assignment.object), " → ", binLink(assignment.bin)], { class: "event" }), time(assignment.assignedAt)],
};
