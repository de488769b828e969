// Requests to the REST API. Everything the page shows and changes goes through here.

const kinds = "api/v1/kinds";
/** The longest time for an answer, in milliseconds. The server itself gives up before. */
const limit = 60_000;
let token = sessionStorage.getItem("token") ?? "";

/** An answer that is not a success; its message names the value and the cure. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/**
 * Sends a request, and returns the answer.
 *
 * @param signal ends the request early
 * @param isOnlyNew whether the request must not replace what exists
 */
export async function ask(method, path, body, { signal, isOnlyNew = false } = {}) {
  // A page of another origin cannot send X-Requested-With, so an admin's changes must have it.
  const headers = { Accept: "application/json", "X-Requested-With": "sharder" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (isOnlyNew) headers["If-None-Match"] = "*";
  const ends = [AbortSignal.timeout(limit), ...(signal ? [signal] : [])];
  const request = {
    method, headers, signal: AbortSignal.any(ends), cache: "no-store", credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
  };
  const answer = await fetch(path, request).catch((failure) => { throw unanswered(method, failure); });
  const reply = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, reply.detail ?? answer.statusText);
  return reply;
}

function unanswered(method, failure) {
  const what = failure.name === "TimeoutError" ? `has not answered within ${limit / 1000} s` : "cannot be reached";
  return new Problem(0, `The server ${what}.${method === "GET" ? "" : " The change may or may not have been made."}`);
}

export const get = (path, signal) => ask("GET", path, undefined, { signal });

/** Returns a path below the kinds; each name is one segment. */
export const path = (...names) => [kinds, ...names.map(encodeURIComponent)].join("/");

/** Adds the parameters that have a value to a path. */
export function withQuery(base, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `${base}?${new URLSearchParams(given)}` : base;
}

export const hasToken = () => token !== "";

/** Uses a token from now on; it is kept in memory only. */
export function useToken(given) {
  const before = token;
  token = given;
  return before;
}

/** Keeps the token in use until the tab is closed, or forgets it if there is none. */
export function keepToken() {
  if (token) sessionStorage.setItem("token", token);
  else sessionStorage.removeItem("token");
}

/** Returns the name under which changes are recorded; null if this client may not make any. */
export const whoAmI = async () => (await get("api/v1/me")).actor;
