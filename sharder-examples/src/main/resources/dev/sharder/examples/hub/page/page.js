// The operator page. It does everything through the REST API, with the token of the signed-in operator or as
// the admin that the proxy names. Text from the server is set as text, never as markup.

const $ = (id) => document.getElementById(id);
const kinds = "api/v1/kinds";
const pieces = 200;
let kind = "";
let token = sessionStorage.getItem("token") ?? "";
let me = null;
let lowercase = [];
let bins = [];
let watching = new AbortController();

class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function ask(method, path, body, signal) {
  // A page of another origin cannot send X-Requested-With, so an admin's changes must have it.
  const headers = { Accept: "application/json", "X-Requested-With": "sharder" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method, headers, signal, cache: "no-store", credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const reply = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, reply.detail ?? answer.statusText);
  return reply;
}

const of = (...names) => [kinds, kind, ...names].map((name, i) => (i ? encodeURIComponent(name) : name)).join("/");

function element(name, content = "", attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[content].flat());
  return made;
}

const time = (at) => element("time", new Date(at).toLocaleString(), { datetime: at });
const many = (count, what) => `${count.toLocaleString()} ${what}${count === 1 ? "" : "s"}`;

function say(text, wrong = false) {
  if ($("status").textContent !== text) $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

// ---- bins

function row(bin) {
  const buttons = actions(bin);
  return element("tr", [
    element("th", bin.bin, { scope: "row" }),
    element("td", state(bin)),
    element("td", load(bin), { class: "load" }),
    element("td", `${bin.share.toFixed(1)} %`, { class: "number", "data-name": "share" }),
    element("td", `${bin.weight}`, { class: "number", "data-name": "weight" }),
    element("td", buttons.flatMap((each) => [each, " "]), { class: "do" }),
  ], { "data-bin": bin.bin, "data-acts": buttons.map((each) => each.dataset.act).join() });
}

function state(bin) {
  const shown = [element("span", bin.state, { class: `state ${bin.state}` })];
  if (bin.refusal && bin.state === "open") shown.push(" ", element("span", bin.refusal, { class: "why" }));
  if (bin.up !== undefined) shown.push(" ", element("span", bin.up ? "up" : "down", bin.up ? {} : { class: "why" }));
  return shown;
}

function load(bin) {
  const most = Math.max(1, bin.capacity ?? Math.max(...bins.map((other) => other.load)));
  const meter = element("meter", "", {
    min: 0, max: most, low: 0, high: bin.capacity === null ? most : most * 0.9, optimum: 0, value: bin.load,
    "aria-label": `load of ${bin.bin}`,
  });
  const of = bin.capacity === null ? "" : ` of ${bin.capacity.toLocaleString()}`;
  return [meter, element("span", bin.load.toLocaleString() + of)];
}

function actions(bin) {
  const button = (text, act) => {
    const made = element("button", text, { type: "button", "aria-label": `${text} ${bin.bin}`, "data-act": text });
    made.addEventListener("click", () => act(bins.find((each) => each.bin === bin.bin) ?? bin));
    return made;
  };
  const made = [bin.state === "open" ? button("Cordon", cordon) : button("Open", open)];
  if (bin.assigned > 0) made.push(button("Drain", drain));
  return made;
}

async function showBins(signal) {
  const reply = await ask("GET", of("bins"), undefined, signal);
  if (JSON.stringify(reply.bins) === JSON.stringify(bins)) return;
  bins = reply.bins;
  const body = $("bins").tBodies[0];
  const rows = [...body.rows];
  if (rows.map((each) => each.dataset.bin).join("\n") === bins.map((each) => each.bin).join("\n")) {
    bins.forEach((bin, i) => renew(rows[i], row(bin)));
  } else {
    body.replaceChildren(...bins.map(row));
  }
}

/** Keeps buttons that are the same, so that no click or focus is lost because a number changed. */
function renew(old, made) {
  const isAlike = old.dataset.acts === made.dataset.acts;
  const hadFocus = old.contains(document.activeElement);
  [...made.cells].forEach((cell, i) => {
    if (!isAlike || !cell.classList.contains("do")) old.cells[i].replaceWith(cell);
  });
  old.dataset.acts = made.dataset.acts;
  if (!isAlike && hadFocus) old.querySelector("button").focus();
}

// ---- confirmation

/** The question in the dialog; another question replaces it, and closing the dialog cancels it. */
let asked = null;
const isAsked = (question) => asked === question && $("ask").open;

function confirm(title, body, apply, name = "Apply") {
  const question = { apply };
  asked = question;
  $("ask-title").textContent = title;
  $("ask-body").replaceChildren(...[body].flat());
  $("ask-problem").textContent = $("ask-done").textContent = "";
  $("ask-progress").hidden = true;
  $("ask-cancel").textContent = "Cancel";
  $("ask-apply").textContent = name;
  $("ask-apply").hidden = $("ask-apply").disabled = false;
  $("ask-apply").onclick = () => answerTo(question);
  if (!$("ask").open) $("ask").showModal();
}

async function answerTo(question) {
  $("ask-apply").disabled = true;
  $("ask-problem").textContent = "";
  try {
    const done = await question.apply(question);
    if (isAsked(question)) finish(done);
  } catch (problem) {
    if (problem.status === 401) signOut();
    if (isAsked(question)) {
      $("ask-apply").disabled = false;
      $("ask-cancel").textContent = "Cancel";
      $("ask-problem").textContent = problem.message;
    } else {
      say(problem.message, true);
    }
  }
  showBins().catch(() => {});
}

function finish(done) {
  if (done === undefined) {
    $("ask").close();
    return;
  }
  $("ask-done").textContent = done;
  $("ask-cancel").textContent = "Close";
  $("ask-cancel").focus();
  $("ask-apply").hidden = true;
}

async function withToken(act) {
  if (me) return act();
  confirm(
    "Sign in",
    [element("p", "Changes require a token from api-tokens in the configuration."),
      element("label", ["Token ", element("input", "", { id: "token", type: "password", autocomplete: "current-password", required: "" })])],
    async () => {
      const given = $("token").value.trim();
      const before = token;
      token = given;
      try {
        await recognise();
        if (me === null) throw new Error("This server has no tokens configured, so this token has no effect.");
      } catch (problem) {
        token = before;
        throw problem;
      }
      sessionStorage.setItem("token", token);
      if (act) setTimeout(act);
    },
    "Sign in",
  );
  $("token").addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      $("ask-apply").click();
    }
  });
  $("token").focus();
}

/** Fetches who may make changes: the holder of the token, or an admin, who needs no token. */
async function recognise() {
  me = (await ask("GET", "api/v1/me")).actor;
  signed();
}

function signed() {
  $("me").textContent = me ?? "";
  $("sign").textContent = token ? "Sign out" : "Sign in";
  $("sign").hidden = me !== null && !token;
}

function signOut() {
  token = "";
  me = null;
  sessionStorage.removeItem("token");
  signed();
}

const change = (bin, state) => ask("PATCH", of("bins", bin.bin), { state, reason: "on the page" });

const cordon = (bin) => withToken(() => confirm(
  `Cordon ${bin.bin}`,
  element("p", `It takes no new users. ${many(bin.assigned, "user")} stay${bin.assigned === 1 ? "s" : ""} where they are.`),
  async () => { await change(bin, "cordoned"); },
  "Cordon",
));

const open = (bin) => withToken(() => confirm(
  `Open ${bin.bin}`,
  element("p", "It takes new users again, before bins that are fuller."),
  async () => { await change(bin, "open"); },
  "Open",
));

function flows(plan) {
  return element("table", [
    element("thead", element("tr", [
      element("th", "From", { scope: "col" }), element("th", "To", { scope: "col" }),
      element("th", "Moves", { scope: "col", class: "number" }),
    ])),
    element("tbody", plan.flows.map((flow) => element("tr", [
      element("td", flow.from), element("td", flow.to), element("td", flow.units.toLocaleString(), { class: "number" }),
    ]))),
  ], { id: "plan" });
}

const drain = (bin) => withToken(async () => {
  const make = () => ask("POST", of("plans"), { drain: bin.bin });
  const title = `Drain ${bin.bin}`;
  try {
    const agreed = { plan: await make() };
    confirm(title, planned(agreed.plan), (question) => run(bin, make, agreed, question), "Drain");
  } catch (problem) {
    confirm(title, element("p", problem.message), async () => {}, "Close");
    if (problem.status === 401) signOut();
  }
});

function planned(plan) {
  const body = [
    element("p", `${many(plan.moves ?? 0, "move")}; it takes no new users meanwhile. Stop their servers and copy their files first.`),
    flows(plan),
  ];
  if (plan.stranded) body.push(element("p", `${many(plan.stranded, "user")} would stay: no other bin has room.`, { class: "why" }));
  return body;
}

/** Whether the plan uses only bins that were agreed to and strands no more users; the counts may change as new users come. */
function isWithin(plan, agreed) {
  const targets = new Set(agreed.flows.map((flow) => flow.to));
  return plan.flows.every((flow) => targets.has(flow.to)) && (plan.stranded ?? 0) <= (agreed.stranded ?? 0);
}

async function planAgain(make, agreed) {
  const plan = await make();
  if (isWithin(plan, agreed.plan)) return plan;
  agreed.plan = plan;
  $("ask-body").replaceChildren(...planned(plan));
  throw new Problem(409, "Something changed meanwhile. This is the new plan; drain again to accept it.");
}

/** Drains in pieces; plans again if someone else changed something meanwhile. It can be stopped and repeated. */
async function run(bin, make, agreed, question) {
  await change(bin, "draining");
  let plan = await planAgain(make, agreed);
  let left = plan.moves ?? 0;
  let moved = 0;
  let skipped = 0;
  $("ask-cancel").textContent = "Stop";
  for (let again = 0; left > 0 && isAsked(question);) {
    progress(moved, moved + skipped + left);
    try {
      const done = await ask("POST", of("plans", "apply"), { plan, limit: pieces, reason: "on the page" });
      moved += done.moved;
      skipped += done.skipped;
      ({ plan, left } = done);
      again = 0;
    } catch (problem) {
      if (problem.status !== 409 || ++again > 5) throw problem;
      plan = await planAgain(make, agreed);
      left = plan.moves ?? 0;
    }
  }
  if (isAsked(question)) progress(moved, moved);
  const stay = agreed.plan.stranded ? `, ${many(agreed.plan.stranded, "user")} had no room elsewhere` : "";
  return `${many(moved, "move")} made${skipped ? `, ${skipped.toLocaleString()} skipped` : ""}${stay}.`;
}

function progress(moved, whole) {
  const bar = $("ask-progress");
  bar.hidden = false;
  bar.max = Math.max(1, whole);
  bar.value = whole ? moved : 1;
  $("ask-done").textContent = `${moved.toLocaleString()} of ${whole.toLocaleString()} moved`;
}

// ---- one user

function changeItem(change) {
  const way = [...new Set([change.from, change.to])].filter(Boolean).join(" → ");
  const what = [change.what, change.object, way].filter(Boolean).join(" ");
  const who = [change.actor && `by ${change.actor}`, change.reason].filter(Boolean).join(": ");
  return element("li", [time(change.at), ` ${what} `, element("span", who, { class: "why" })]);
}

let shownObject = null;

async function find(object) {
  shownObject = object;
  const [explained, history] = await Promise.all([
    ask("GET", of("assignments", object, "explain")),
    ask("GET", of("assignments", object, "history")),
  ]);
  if (shownObject !== object) return;
  // No user has exactly this name, and nginx would have lowercased it.
  const spelled = object.toLowerCase();
  if (!explained.assignment && spelled !== object && lowercase.includes(kind)) return find(spelled);
  const shown = [element("h3", object)];
  const home = explained.assignment;
  if (home) {
    shown.push(element("p", ["is in ", element("strong", home.bin, { id: "home" }), " since ", time(home.assignedAt)]));
    shown.push(mover(home));
  } else {
    shown.push(element("p", explained.wouldGet
      ? ["is new, and would go to ", element("strong", explained.wouldGet, { id: "home" })]
      : "is new, and no bin would take it"));
    shown.push(element("ul", Object.entries(explained.others).map(([bin, why]) => element("li", [bin, " ", element("span", why, { class: "why" })]))));
  }
  if (history.changes.length) {
    shown.push(element("h3", "History"), element("ul", history.changes.map(changeItem), { id: "history" }));
  }
  $("found").replaceChildren(...shown);
}

function mover(home) {
  const others = bins.filter((bin) => bin.bin !== home.bin && bin.state === "open");
  if (!others.length) return element("p", "No other bin is open, so the user cannot be moved.", { class: "hint" });
  const to = element("select", others.map((bin) => element("option", bin.bin)), { id: "to" });
  const button = element("button", "Move", { type: "button", id: "move" });
  button.addEventListener("click", () => withToken(() => confirm(
    `Move ${home.object}`,
    element("p", `From ${home.bin} to ${to.value}${home.group === null ? "" : `, with all of the group ${home.group}`}. Stop the server and copy the files first.`),
    async () => {
      await ask("POST", of("assignments", home.object, "move"), { bin: to.value, version: home.version, reason: "on the page" });
      await find(home.object);
    },
    "Move",
  )));
  return element("p", [element("label", ["to ", to]), " ", button]);
}

// ---- live

const pause = (millis, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, millis);
  signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); });
});

async function repeat(signal, millis, work) {
  while (!signal.aborted) {
    try {
      await work();
      say("Live");
      await pause(millis, signal);
    } catch (problem) {
      if (signal.aborted) return;
      say(problem.message, true);
      if (problem.status === 401) signOut();
      await pause(3000, signal);
    }
  }
}

function add(list, items, most = 50) {
  $(list).prepend(...items);
  while ($(list).children.length > most) $(list).lastChild.remove();
}

function watch() {
  watching.abort();
  watching = new AbortController();
  const { signal } = watching;
  bins = [];
  let after = null;
  let newest = 0;
  $("changes").replaceChildren();
  $("newest").replaceChildren();
  $("found").replaceChildren();
  shownObject = null;
  repeat(signal, 1000, async () => {
    await showBins(signal);
    const reply = await ask("GET", `${of("newest")}?after=${newest}`, undefined, signal);
    // The server counts from 0 again after a restart.
    newest = reply.next < newest ? 0 : reply.next;
    add("newest", reply.assignments.map((one) => element("li", [time(one.assignedAt), ` ${one.object} → ${one.bin}`])).reverse());
  });
  repeat(signal, 0, async () => {
    if (after === null) {
      const latest = await ask("GET", `${of("changes")}?latest=50`, undefined, signal);
      after = latest.next;
      add("changes", latest.changes.map(changeItem).reverse());
    }
    const reply = await ask("GET", `${of("changes")}?after=${after}&limit=50&wait=25`, undefined, signal);
    after = reply.next;
    add("changes", reply.changes.map(changeItem).reverse());
    if (reply.changes.some((each) => each.object === shownObject)) await find(shownObject);
    // The server answers at once, with an empty page, if too many clients wait.
    if (!reply.changes.length) await pause(1000, signal);
  });
}

async function start() {
  signed();
  try {
    await recognise();
    const reply = await ask("GET", kinds);
    lowercase = reply.lowercase;
    $("kind").replaceChildren(...reply.kinds.map((each) => element("option", each)));
    if (reply.kinds.includes("hub")) $("kind").value = "hub";
    kind = $("kind").value;
    if (kind) watch();
    else say("There are no bins yet.");
  } catch (problem) {
    say(problem.message, true);
    if (problem.status === 401) {
      signOut();
      withToken(start);
    }
  }
}

$("kind").addEventListener("change", () => { kind = $("kind").value; watch(); });
$("sign").addEventListener("click", () => {
  if (token) {
    signOut();
    start();
  } else {
    withToken(start);
  }
});
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  find($("find").value).catch((problem) => $("found").replaceChildren(element("p", problem.message)));
});
start();
