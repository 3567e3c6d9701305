// One column of the playground: its model, its side of the talk, and the answer that is streaming into it.
import { events } from "./event-stream.js";

export class Voice {
  #turns = [];
  #abort = null;

  constructor(section) {
    this.said = section.querySelector("[data-said]");
    this.figures = section.querySelector("[data-figures]");
    this.select = section.querySelector("[data-target]");
    this.select.addEventListener("change", () => this.clear());
  }

  get target() {
    return this.select.value;
  }

  get systemPrompt() {
    return this.select.selectedOptions[0].dataset.systemPrompt;
  }

  clear() {
    this.stop();
    this.#turns = [];
    this.said.replaceChildren();
    this.figures.textContent = "\u00a0";
  }

  stop() {
    this.#abort?.abort();
  }

  // Streams one answer. An answer that is stopped stays, as far as it came.
  async ask(question, systemPrompt, settings) {
    this.#turns.push({ role: "user", content: question });
    this.#show("user", question);
    const place = this.#show("assistant", "");
    this.figures.textContent = "waiting for the first token …";
    this.#abort = new AbortController();
    const system = systemPrompt ? [{ role: "system", content: systemPrompt }] : [];
    const body = { target: this.target, messages: [...system, ...this.#turns], ...settings };
    let answer = "";
    try {
      for await (const { event, data } of events("/api/v1/chat", body, this.#abort.signal)) {
        if (event === "problem") return this.#fail(place, data);
        answer += data.text;
        place.textContent = answer;
        this.said.scrollTop = this.said.scrollHeight;
        if (data.done) this.#sum(data);
        else if (answer) this.figures.textContent = "answering …";
      }
    } catch (error) {
      if (error.name !== "AbortError") return this.#fail(place, error.problem ?? { detail: "The server does not answer." });
      this.figures.textContent = "stopped";
    }
    this.#turns.push({ role: "assistant", content: answer });
  }

  #sum({ stop_reason, tokens, first_token_seconds, tokens_per_second }) {
    const why = stop_reason === "length" ? ", cut at the limit" : "";
    const speed = tokens_per_second.toFixed(1);
    this.figures.textContent = `${tokens} tokens${why}, first after ${first_token_seconds.toFixed(2)} s, ${speed} tok/s`;
  }

  // The question is taken back, so that asking again does not ask twice.
  #fail(place, problem) {
    this.#turns.pop();
    place.className = "turn-text mistake";
    place.textContent = [problem.detail, ...(problem.actions ?? []).map(({ label, command }) => `${label}${command ? `: ${command}` : "."}`)].join("\n");
    this.figures.textContent = "no answer";
  }

  #show(role, text) {
    this.said.querySelector(".voice-empty")?.remove();
    const turn = document.createElement("div");
    turn.className = `turn turn-${role}`;
    const name = document.createElement("p");
    name.className = "turn-role";
    name.textContent = role === "user" ? "you" : "model";
    const words = document.createElement("p");
    words.className = "turn-text";
    words.textContent = text;
    turn.append(name, words);
    this.said.append(turn);
    this.said.scrollTop = this.said.scrollHeight;
    return words;
  }
}
