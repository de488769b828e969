// The dialog that asks before anything is changed. Another question replaces it; closing it cancels or stops.

import { $, element } from "./elements.js";

let asked = null;
let afterwards = () => {};

/** Calls the listener after each answer, with the problem if there was one. */
export const onAnswer = (listener) => { afterwards = listener; };

export const isAsked = (question) => asked === question && $("ask").open;

/**
 * Asks a question, and returns it. When it is accepted, `apply` is called with the question; the text or elements
 * that it returns are shown as the result, and without any the dialog closes.
 */
export function confirm({ title, body, apply, name = "Apply" }) {
  const question = { title, apply, isStopped: false };
  asked = question;
  $("ask-title").textContent = title;
  $("ask-problem").textContent = "";
  $("ask-done").replaceChildren();
  $("ask-progress").hidden = true;
  showBody(body);
  offerCancel(apply ? "Cancel" : "Close");
  $("ask-apply").textContent = name;
  $("ask-apply").hidden = !apply;
  $("ask-apply").disabled = false;
  $("ask-apply").onclick = () => answer(question);
  if (!$("ask").open) $("ask").showModal();
  ($("ask-body").querySelector("input, textarea, select") ?? $("ask-cancel")).focus();
  return question;
}

export const showBody = (body) => $("ask-body").replaceChildren(...[body].flat().filter(Boolean));

async function answer(question) {
  if ([...$("ask-body").querySelectorAll("input, textarea")].some((input) => !input.reportValidity())) return;
  $("ask-apply").disabled = true;
  $("ask-problem").textContent = "";
  question.isStopped = false;
  try {
    const done = await question.apply(question);
    if (isAsked(question)) finish(done);
    else if (asked === question && done !== undefined) confirm({ title: question.title, body: done });
  } catch (problem) {
    afterwards(problem);
    if (isAsked(question)) showProblem(problem.message);
    else if (asked === question) confirm({ title: "Not done", body: element("p", problem.message) });
    return;
  }
  afterwards(null);
}

function showProblem(message) {
  $("ask-apply").hidden = $("ask-apply").disabled = false;
  offerCancel("Cancel");
  $("ask-problem").textContent = message;
}

function finish(done) {
  if (done === undefined) {
    $("ask").close();
    return;
  }
  $("ask-done").replaceChildren(...[done].flat());
  offerCancel("Close");
  $("ask-cancel").focus();
  $("ask-apply").hidden = true;
}

/** Names the cancel button, and says what it and Escape do instead of closing the dialog. */
function offerCancel(text, act = null) {
  $("ask-cancel").textContent = text;
  $("ask-cancel").onclick = $("ask").oncancel = act;
}

/** Makes the cancel button stop the work of a question, which then shows what was done. */
export function offerStop(question) {
  if (!isAsked(question)) return;
  $("ask-apply").hidden = true;
  offerCancel("Stop", (event) => {
    event.preventDefault();
    question.isStopped = true;
    $("ask-done").textContent = "Stopping after the part that runs…";
  });
  $("ask-cancel").focus();
}

export const goesOn = (question) => isAsked(question) && !question.isStopped;

/** Shows how far the work of a question is. */
export function showProgress(question, done, whole, what) {
  if (!isAsked(question)) return;
  const bar = $("ask-progress");
  bar.hidden = false;
  bar.setAttribute("aria-label", `${what} so far`);
  bar.max = Math.max(1, whole);
  bar.value = whole ? done : 1;
  $("ask-done").textContent = `${done.toLocaleString()} of ${whole.toLocaleString()} ${what}`;
}

// Enter in a field accepts, as in any form.
$("ask-body").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.tagName === "INPUT") {
    event.preventDefault();
    $("ask-apply").click();
  }
});
