// The playground: one question, one or two voices, the same settings.
import { Voice } from "./voice.js";

const root = document.querySelector("[data-playground]");
const form = root.querySelector("[data-composer]");
const voices = [...root.querySelectorAll("[data-voice]")].map((section) => new Voice(section));
const [send, stop, clear] = ["send", "stop", "clear"].map((name) => root.querySelector(`[data-${name}]`));
const question = form.elements.question;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || send.disabled) return;
  question.value = "";
  busy(true);
  await Promise.all(voices.filter((voice) => voice.target).map((voice) => voice.ask(text, form.elements.system.value.trim(), settings())));
  busy(false);
  question.focus();
});

question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

stop.addEventListener("click", () => voices.forEach((voice) => voice.stop()));
clear.addEventListener("click", () => voices.forEach((voice) => voice.clear()));

root.addEventListener("click", ({ target }) => {
  const suggestion = target.closest("[data-prompt]");
  if (!suggestion) return;
  question.value = suggestion.dataset.prompt;
  question.focus();
});

root.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-target]")) return;
  if (target === voices[0].select) offerSystemPrompt();
  const [first, second] = voices.map((voice) => voice.target);
  root.querySelector("[data-voices]").classList.toggle("voices-one", !second);
  history.replaceState(null, "", `?${new URLSearchParams({ target: first, ...(second && { against: second }) })}`);
});

// What a person wrote there stays.
function offerSystemPrompt() {
  const { system } = form.elements;
  const offered = voices[0].systemPrompt;
  if (system.value === system.defaultValue) system.value = offered;
  system.defaultValue = offered;
  if (offered) system.closest("details").open = true;
}

function settings() {
  const number = (name) => Number(form.elements[name].value);
  return { temperature: number("temperature"), max_new_tokens: number("max_new_tokens"), seed: number("seed") };
}

function busy(is) {
  send.disabled = is;
  send.hidden = is;
  stop.hidden = !is;
}
