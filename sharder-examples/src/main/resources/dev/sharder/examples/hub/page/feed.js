// A list of what happened, the newest first: by day, live until someone reads or pauses it, older ones by pages.

import { button, element, input, say } from "./elements.js";
import { exportButtons } from "./export.js";
import { dayOf } from "./format.js";

export const page = 50;
/** Above every number that the API counts with. */
const newest = Number.MAX_SAFE_INTEGER;

export class Feed {
  /**
   * @param root the section to fill
   * @param {object} of its `title`, `hint`, `filters`; `load(query)`, which fetches a page; `matches(entry, filter)`;
   *     `key(entry)`, which no other entry has; `line(entry)`, its content; `at(entry)`, its time
   */
  constructor(root, of) {
    this.of = of;
    this.entries = [];
    /** Those of the newest page, as it was last shown. */
    this.latestEntries = [];
    this.next = 0;
    this.waiting = 0;
    this.isPaused = false;
    this.isOlder = false;
    this.isTrimmed = false;
    this.isPointed = false;
    /** Whether a page could not be fetched, so that entries may be missing. */
    this.isStale = false;
    this.number = 0;
    /** What came while a page is fetched; null while none is. */
    this.late = null;
    this.build(root);
  }

  build(root) {
    const { title, hint, filters, level = "h2" } = this.of;
    const id = `${root.id}-title`;
    this.pause = button("Pause", () => this.setPaused(!this.isPaused), { class: "quiet", "aria-pressed": "false" });
    this.count = element("span", "", { class: "hint", role: "status" });
    this.inputs = Object.fromEntries(filters.map((name) => [name, input({ type: "search", name, "aria-label": `Only of this ${name}`, placeholder: `any ${name}` })]));
    const form = element("form", Object.values(this.inputs), { class: "filter" });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => this.reload());
    this.list = element("div", "", { class: "feed scroll", tabindex: "0", role: "group", "aria-labelledby": id });
    this.older = button("Older", () => this.turnOlder(), { class: "quiet" });
    this.latest = button("Newest", () => this.reload(), { class: "quiet" });
    root.replaceChildren(
      element("div", [
        element(level, title, { id }), this.count, element("span", "", { class: "gap" }), this.pause,
      ], { class: "title" }),
      ...(hint ? [element("p", hint, { class: "hint" })] : []),
      ...(filters.length ? [form] : []),
      this.list,
      element("div", [this.older, this.latest, element("span", "", { class: "gap" }), exportButtons(title.toLowerCase(), () => this.entries)], { class: "pages" }),
    );
    // A pointer that rests where the list came to be reads nothing.
    this.list.addEventListener("pointermove", (event) => { if (event.movementX || event.movementY) this.isPointed = true; }, { passive: true });
    this.list.addEventListener("pointerleave", () => { this.isPointed = false; });
    for (const event of ["pointerleave", "focusout", "scroll"]) {
      this.list.addEventListener(event, () => setTimeout(() => this.catchUp()), { passive: true });
    }
  }

  filter() {
    return Object.fromEntries(Object.entries(this.inputs).map(([name, box]) => [name, box.value.trim()]));
  }

  /** Whether someone reads: the list must not move under them. */
  isRead() {
    return this.isPaused || this.isOlder || this.list.scrollTop > 0 || this.isPointed || this.list.matches(":focus-within");
  }

  setPaused(paused) {
    this.isPaused = paused;
    this.pause.setAttribute("aria-pressed", String(paused));
    say(this.pause, paused ? "Resume" : "Pause");
    if (!paused) this.reload();
  }

  /** Shows nothing of what was before, until the list is loaded again. */
  clear() {
    this.number++;
    this.late = null;
    this.show({ changes: [], next: 0 }, newest);
    this.list.replaceChildren();
  }

  /** Shows the newest page. */
  reload() {
    this.list.scrollTop = 0;
    return this.turn(newest);
  }

  async turnOlder() {
    if (this.isTrimmed) await this.turn(newest);
    await this.turn(this.next);
  }

  async turn(before) {
    const number = ++this.number;
    this.late = [];
    const reply = await this.of.load({ ...this.filter(), before, limit: page }).catch((problem) => problem);
    // Another page was asked for meanwhile.
    if (number !== this.number) return;
    const { late } = this;
    this.late = null;
    this.isStale = reply instanceof Error;
    if (this.isStale) {
      say(this.count, reply.message);
      return;
    }
    this.show(reply, before);
    late.forEach((one) => this.add(one));
  }

  show(reply, before) {
    this.entries = this.entriesOf(reply);
    this.next = reply.next;
    this.isOlder = before !== newest;
    this.isTrimmed = false;
    this.waiting = 0;
    this.list.scrollTop = 0;
    this.render();
  }

  entriesOf(reply) {
    return [...(reply.changes ?? reply.assignments)].reverse();
  }

  /** Adds entries that came just now, unless someone reads. */
  add(reply) {
    if (this.late) {
      this.late.push(reply);
      return;
    }
    const came = this.entriesOf(reply);
    // There may be more than a reply has.
    if ((this.isStale || came.length >= page) && !this.isRead()) {
      this.reload();
      return;
    }
    const fresh = this.fresh(came);
    if (!fresh.length) return;
    if (this.isRead()) {
      this.waiting += fresh.length;
      this.renderCount();
      return;
    }
    const all = [...fresh, ...this.entries];
    this.entries = all.slice(0, page);
    // What falls off the end is on the next page, which begins elsewhere now.
    if (all.length > page) this.isTrimmed = true;
    this.render();
  }

  /** Returns the entries that match the filter and are neither in the list nor on the newest page. */
  fresh(entries) {
    const filter = this.filter();
    const known = new Set([...this.latestEntries, ...this.entries].map(this.of.key));
    return entries.filter((entry) => !known.has(this.of.key(entry)) && this.of.matches(entry, filter));
  }

  catchUp() {
    if ((this.waiting || this.isStale) && !this.isRead()) this.reload();
  }

  renderCount() {
    say(this.count, this.waiting ? `${this.waiting.toLocaleString()} new` : this.isOlder ? "older" : "");
  }

  render() {
    if (!this.isOlder) this.latestEntries = this.entries;
    const days = new Map();
    for (const entry of this.entries) {
      const day = dayOf(this.of.at(entry));
      days.set(day, [...(days.get(day) ?? []), entry]);
    }
    const groups = [...days].map(([day, entries]) => [
      element("h3", day, { "data-day": this.of.at(entries[0]) }),
      element("ol", entries.map((entry) => element("li", this.of.line(entry)))),
    ]);
    this.list.replaceChildren(...(groups.length ? groups.flat() : [element("p", this.next ? "None in these; look at older ones." : "Nothing yet.", { class: "hint" })]));
    this.renderButtons();
    this.renderCount();
  }

  /** A button that has the focus hands it on when it cannot be used any more. */
  renderButtons() {
    const focused = [this.older, this.latest].find((one) => one === document.activeElement);
    this.older.disabled = !this.next && !this.isTrimmed;
    this.latest.hidden = !this.isOlder;
    const isUsable = (one) => !one.disabled && !one.hidden;
    if (focused && !isUsable(focused)) [this.latest, this.older, this.pause].find(isUsable).focus();
  }
}
