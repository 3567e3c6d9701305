// One column of the playground: its model, its side of the talk, and the answer that is streaming into it.
import { sentences } from "./api.js";
import { events } from "./event-stream.js";
import { bytes } from "./figures.js";

export class Voice {
  #abort = null;

  // `judge` is the template of what can be said of an answer.
  constructor(section, judge) {
    this.section = section;
    this.said = section.querySelector("[data-said]");
    this.figures = section.querySelector("[data-figures]");
    this.select = section.querySelector("[data-target]");
    this.judge = judge;
  }

  get target() {
    return this.select.value;
  }

  get systemPrompt() {
    return this.select.selectedOptions[0].dataset.systemPrompt;
  }

  clear() {
    this.stop();
    this.said.replaceChildren();
    this.figures.textContent = "\u00a0";
  }

  stop() {
    this.#abort?.abort();
  }

  // Streams one answer; the server keeps it, as far as it came.
  async answer(address, column, question) {
    this.#show("user", question);
    const place = this.#show("assistant", "");
    const waiting = this.#wait();
    this.#abort = new AbortController();
    let answer = "";
    try {
      for await (const { event, data } of events(address, { target: this.target, column }, this.#abort.signal)) {
        if (event === "problem") throw Object.assign(new Error("refused"), { problem: data });
        if (event === "kept") {
          this.#kept(data);
          continue;
        }
        clearInterval(waiting);
        answer += data.text;
        place.textContent = answer;
        this.#scroll();
        if (answer && !data.done) this.figures.textContent = "answering …";
      }
    } catch (error) {
      if (error.name !== "AbortError") this.fail(place, error);
      else this.figures.textContent = "stopped";
    } finally {
      clearInterval(waiting);
    }
  }

  // A model is loaded when it is asked for the first time; what a checkpoint holds is written down before that.
  #wait() {
    const begun = Date.now();
    this.figures.textContent = "waiting for the first token …";
    return setInterval(() => {
      const seconds = Math.round((Date.now() - begun) / 1000);
      const why = seconds > 2 ? "; a model is loaded when it is first asked" : "";
      this.figures.textContent = `waiting for the first token, ${seconds} s${why} …`;
    }, 1000);
  }

  fail(place, error) {
    place.className = "turn-text mistake";
    place.textContent = sentences(error);
    this.figures.textContent = "no answer";
  }

  // A question that could not be asked at all.
  refuse(question, error) {
    this.#show("user", question);
    this.fail(this.#show("assistant", ""), error);
  }

  #kept({ answer_id, stop_reason, tokens, first_token_seconds, tokens_per_second, memory_bytes }) {
    const why = stop_reason === "length" ? ", cut at the limit" : "";
    const speed = tokens_per_second.toFixed(1);
    this.figures.textContent = `${tokens} tokens${why}, first after ${first_token_seconds.toFixed(2)} s, ${speed} tok/s, ${bytes(memory_bytes)}`;
    const judge = this.judge.content.firstElementChild.cloneNode(true);
    judge.dataset.answer = answer_id;
    this.said.append(judge);
    this.#scroll();
  }

  #scroll() {
    this.said.scrollTop = this.said.scrollHeight;
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
    this.#scroll();
    return words;
  }
}
