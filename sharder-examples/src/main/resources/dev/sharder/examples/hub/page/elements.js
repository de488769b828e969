// Makes elements. Text from the server is set as text, never as markup.

import { dayOf, fullTime, relativeTime } from "./format.js";

export const $ = (id) => document.getElementById(id);

function filled(made, content, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...[content].flat(2).filter((part) => part !== null && part !== undefined && part !== ""));
  return made;
}

export const element = (name, content = "", attributes = {}) => filled(document.createElement(name), content, attributes);

export const drawn = (name, attributes = {}, content = "") =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", name), content, attributes);

export function button(text, act, attributes = {}) {
  const made = element("button", text, { type: "button", ...attributes });
  made.addEventListener("click", act);
  return made;
}

/** Text that only screen readers get. */
export const unseen = (text) => element("span", text, { class: "unseen" });

/** A name that may have any script and direction, kept apart from the text around it. */
export const named = (name, attributes = {}) => element("bdi", name, attributes);

/** A time as people say it, with the full one as a title and for screen readers. */
export function time(at) {
  const full = fullTime(at);
  return element(
    "time",
    [element("span", relativeTime(at), { "aria-hidden": "true" }), unseen(full)],
    { datetime: at, title: full },
  );
}

/** Says the times and the days below an element anew. */
export function renewTimes(root) {
  for (const shown of root.querySelectorAll("time")) {
    const said = relativeTime(shown.dateTime);
    if (shown.firstChild.textContent !== said) shown.firstChild.textContent = said;
  }
  for (const heading of root.querySelectorAll("[data-day]")) say(heading, dayOf(heading.dataset.day));
}

/** Replaces the text of an element only if it differs, so that screen readers say it once. */
export function say(shown, text) {
  if (shown.textContent !== text) shown.textContent = text;
}

/** A field with its label. */
export const field = (label, input, hint = "") =>
  element("label", [element("span", label), input, hint && element("span", hint, { class: "hint" })], { class: "field" });

/** A name has at most 255 characters; a browser counts an emoji as two. */
export const longestName = 510;

export const input = (attributes) => element("input", "", { autocomplete: "off", spellcheck: "false", ...attributes });
