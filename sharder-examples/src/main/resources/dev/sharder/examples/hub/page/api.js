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
    method, headers, signal: AbortSignal.any(ends), cache: "no-store", credentials: "same-origin", redirect: "error",
    body: body === undefined ? undefined : JSON.stringify(body),
  };
  const lose = (failure) => { throw new Problem(0, lost(failure) + (method === "GET" ? "" : doubt)); };
  const answer = await fetch(path, request).catch(lose);
  if (!ours.test(answer.headers.get("Content-Type"))) throw new Problem(answer.status, foreign(answer.status));
  const reply = await answer.json().catch(lose);
  if (!answer.ok) throw new Problem(answer.status, reply.detail ?? foreign(answer.status));
  return reply;
}

const ours = /^application\/(problem\+)?json\b/;
const doubt = " The change may or may not have been made.";

const lost = (failure) => (failure.name === "TimeoutError"
  ? `The server has not answered within ${limit / 1000} s.`
  : "The server cannot be reached, or your login has expired; load the page again.");

/** What an answer means that a proxy gives instead of the server, such as a page to log in. */
const foreign = (status) => (status >= 500
  ? `The server answered ${status}; try again in a few seconds.`
  : `The answer ${status} is not from Sharder; your login may have expired: load the page again.`);

/** Whether the server may have done what it was asked for, although its answer does not say so. */
export const isInDoubt = (problem) => problem.status === 0 || problem.status >= 500;

export const get = (path, signal) => ask("GET", path, undefined, { signal });

/** Returns a path below the kinds; each name is one segment. */
export const path = (...names) => [kinds, ...names.map(segment)].join("/");

function segment(name) {
  if (name === "." || name === "..") throw new Problem(400, `The name '${name}' cannot be in a URL; use the commands of sharder.jar.`);
  return encodeURIComponent(name);
}

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
