// Votes, corrections, and answers that become examples, wherever a kept answer is shown.
import { api, sentences } from "./api.js";

document.addEventListener("click", async ({ target }) => {
  const button = target.closest(".judge button[type=button]");
  if (!button) return;
  const judge = button.closest(".judge");
  if (button.dataset.open) open(judge, button);
  else await attempt(judge, () => vote(judge, button));
});

document.addEventListener("submit", async (event) => {
  const judge = event.target.closest(".judge");
  if (!judge) return;
  event.preventDefault();
  const act = event.target.dataset.form === "correct" ? correct : send;
  await attempt(judge, () => act(judge, event.target));
});

async function vote(judge, button) {
  const wanted = button.getAttribute("aria-pressed") === "true" ? null : button.dataset.vote;
  await api("PUT", `/api/v1/chats/answers/${judge.dataset.answer}`, { vote: wanted });
  for (const each of judge.querySelectorAll("[data-vote]")) each.setAttribute("aria-pressed", each.dataset.vote === wanted);
  say(judge, wanted ? "Kept." : "Taken back.");
}

async function correct(judge, form) {
  const { correction } = await api("PUT", `/api/v1/chats/answers/${judge.dataset.answer}`, { correction: form.elements.correction.value });
  judge.querySelector("[data-correction]").textContent = correction ?? "";
  judge.querySelector(".judge-correction").hidden = correction === null;
  close(judge);
  say(judge, "The correction is kept.");
}

async function send(judge, form) {
  const { label } = await api("POST", "/api/v1/chats/send", { answers: [judge.dataset.answer], dataset: form.elements.dataset.value.trim() });
  close(judge);
  say(judge, `Sent to ${label}.`);
}

function open(judge, button) {
  const wasOpen = button.getAttribute("aria-expanded") === "true";
  close(judge);
  if (wasOpen) return;
  const form = judge.querySelector(`[data-form=${button.dataset.open}]`);
  form.hidden = false;
  button.setAttribute("aria-expanded", true);
  const field = form.elements.correction ?? form.elements.dataset;
  if (form.elements.correction && !field.value) field.value = judge.querySelector("[data-correction]").textContent || said(judge);
  field.focus();
}

function close(judge) {
  for (const form of judge.querySelectorAll("form")) form.hidden = true;
  for (const button of judge.querySelectorAll("[data-open]")) button.setAttribute("aria-expanded", false);
}

// The answer that stands before it is where a correction begins from.
function said(judge) {
  const before = judge.previousElementSibling;
  return (before?.querySelector(".turn-text") ?? judge.parentElement.querySelector(".turn-text"))?.textContent ?? "";
}

async function attempt(judge, work) {
  say(judge, "");
  try {
    await work();
  } catch (error) {
    say(judge, sentences(error));
  }
}

function say(judge, text) {
  judge.querySelector("[data-judged]").textContent = text;
}
