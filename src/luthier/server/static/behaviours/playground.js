// The playground: one question, up to four voices, the same settings, and a chat in which all of it is kept.
import { api } from "./api.js";
import { Voice } from "./voice.js";

const root = document.querySelector("[data-playground]");
const form = root.querySelector("[data-composer]");
const columns = root.querySelector("[data-voices]");
const another = root.querySelector("template[data-another]");
const judge = root.querySelector("template[data-judge]");
const add = document.querySelector("[data-add]");
const [send, stop, clear] = ["send-question", "stop", "clear"].map((name) => root.querySelector(`[data-${name}]`));
const question = form.elements.question;
const voices = [...columns.querySelectorAll("[data-voice]")].map((section) => new Voice(section, judge));
let chat = root.dataset.chat;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || send.disabled) return;
  question.value = "";
  busy(true);
  try {
    const asked = { question: text, system: form.elements.system.value.trim() || null, ...settings() };
    const { chat_id, number } = await api("POST", chat ? `/api/v1/chats/${chat}/questions` : "/api/v1/chats", asked);
    chat = chat_id;
    remember();
    const answers = `/api/v1/chats/${chat}/questions/${number}/answers`;
    await Promise.all(voices.map((voice, column) => voice.answer(answers, column, text)));
  } catch (error) {
    voices[0].refuse(text, error);
  }
  busy(false);
  question.focus();
});

question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

stop.addEventListener("click", () => voices.forEach((voice) => voice.stop()));
clear.addEventListener("click", begin);

add.addEventListener("click", () => {
  const section = another.content.firstElementChild.cloneNode(true);
  columns.append(section);
  const voice = new Voice(section, judge);
  const taken = voices.map(({ target }) => target);
  const free = [...voice.select.options].find(({ value }) => !taken.includes(value));
  if (free) voice.select.value = free.value;
  voices.push(voice);
  changed();
  voice.select.focus();
});

root.addEventListener("click", ({ target }) => {
  const suggestion = target.closest("[data-prompt]");
  if (suggestion) {
    question.value = suggestion.dataset.prompt;
    question.focus();
  }
  const gone = voices.findIndex((voice) => target.closest("[data-remove]") && voice.section.contains(target));
  if (gone < 0) return;
  voices[gone].stop();
  voices[gone].section.remove();
  voices.splice(gone, 1);
  changed();
});

root.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-target]")) return;
  if (target === voices[0].select) offerSystemPrompt();
  changed();
});

// With other models it is another chat: columns are told apart by their place.
function changed() {
  add.hidden = voices.length >= Number(root.dataset.most);
  begin();
}

function begin() {
  chat = "";
  voices.forEach((voice) => voice.clear());
  remember();
}

// So that the address brings back what is on the page.
function remember() {
  const [first, ...others] = voices.map(({ target }) => target);
  const models = [["target", first], ...others.map((other) => ["against", other])];
  history.replaceState(null, "", `?${new URLSearchParams(chat ? [["chat", chat], ...models] : models)}`);
}

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
  const precision = form.elements.precision.value || null;
  return { temperature: number("temperature"), max_new_tokens: number("max_new_tokens"), seed: number("seed"), precision };
}

function busy(is) {
  send.disabled = is;
  send.hidden = is;
  stop.hidden = !is;
}
