// What the URL says is shown, so that a view can be sent to a colleague, and the browser's back button works.

const names = ["kind", "text", "state", "label", "sort", "bin", "user"];

/** What is shown; every value is a text, empty if it is not in the URL. */
export function view() {
  const given = new URLSearchParams(location.search);
  return Object.fromEntries(names.map((name) => [name, given.get(name) ?? ""]));
}

/** Returns the URL of this view with some values changed. */
export function address(changes) {
  const next = { ...view(), ...changes };
  const given = names.filter((name) => next[name]).map((name) => [name, next[name]]);
  return given.length ? `?${new URLSearchParams(given)}` : location.pathname;
}

let listener = () => {};

/** Calls the listener whenever the view changes. */
export function onView(changed) {
  listener = changed;
  window.addEventListener("popstate", () => listener());
}

/** Goes to another view; the back button returns. */
export function goTo(changes) {
  if (address(changes) !== address({})) history.pushState(null, "", address(changes));
  listener();
}

/** Adjusts this view, such as its filter. */
export function adjust(changes) {
  history.replaceState(null, "", address(changes));
  listener();
}

/** Makes a click on a link go to its view without loading the page again. */
export function follow(link, changes) {
  link.href = address(changes);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    goTo(changes);
  });
  return link;
}
