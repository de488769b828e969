// Who makes changes: the holder of a token, or an admin, who needs none.

import { hasToken, keepToken, useToken, whoAmI } from "./api.js";
import { confirm, isAsked } from "./dialog.js";
import { $, element, field, input } from "./elements.js";
import { model } from "./model.js";

/** Fetches who may make changes. */
export async function recognise() {
  model.me = await whoAmI();
  show();
}

function show() {
  $("me").textContent = model.me ?? "";
  $("sign").textContent = hasToken() ? "Sign out" : "Sign in";
  $("sign").hidden = model.me !== null && !hasToken();
}

export function signOut() {
  useToken("");
  keepToken();
  model.me = null;
  show();
}

/** Signs out if the server refused the token. */
export function signOutIfRefused(problem) {
  if (problem?.status === 401) signOut();
}

/** Does something that needs a token, after asking for it. */
export function withToken(act) {
  if (model.me !== null) return act();
  const token = input({ type: "password", autocomplete: "current-password", required: true });
  confirm({
    title: "Sign in",
    body: [element("p", "Changes require a token from api-tokens in the configuration. It is kept until this tab is closed."), field("Token", token)],
    name: "Sign in",
    apply: async (question) => {
      await trial(token.value.trim());
      if (isAsked(question)) setTimeout(act);
    },
  });
}

async function trial(token) {
  // Others cannot be sent in a header.
  if (!/^[!-~]+$/.test(token)) throw new Error("The token has a character that no token has, perhaps an invisible one; copy it again.");
  const before = useToken(token);
  try {
    await recognise();
    if (model.me === null) throw new Error("This server has no tokens configured, so this token has no effect.");
  } catch (problem) {
    useToken(before);
    // The token before it is not refused.
    throw new Error(problem.message);
  }
  keepToken();
}
