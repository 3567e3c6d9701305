// Keeps the figures of a run's page true while it trains, between the moments at which whole parts are fetched anew.
import { bytes, count, loss, rate, timeSpan } from "./figures.js";

const title = document.title;
let peak = 0;

document.body.addEventListener("run-step", ({ detail: { body } }) => {
  peak = Math.max(peak, body.rss_bytes);
  progress(body.step, body.total_steps);
  show({
    step: `${count(body.step)} of ${count(body.total_steps)}`,
    epoch: body.epoch.toFixed(2),
    loss: loss(body.loss),
    rate: rate(body.tokens_per_second),
    left: timeSpan(...body.seconds_left),
    memory: bytes(Math.max(peak, Number(document.querySelector("[data-peak]")?.dataset.peak ?? 0))),
    rate_of_learning: body.learning_rate.toPrecision(3),
    gradient: body.gradient_norm.toPrecision(3),
  });
});

document.body.addEventListener("run-progress", ({ detail: { body } }) => {
  if (body.total > 0) progress(body.done, body.total);
  const amount = body.total > 0 ? ` ${count(body.done)} of ${count(body.total)}` : "";
  show({ doing: `${body.what}${amount}` });
});

document.body.addEventListener("run-state", ({ detail: { body } }) => {
  document.title = `${body.state}: ${title}`;
});

function show(facts) {
  for (const [name, text] of Object.entries(facts)) {
    for (const place of document.querySelectorAll(`[data-fact="${name}"]`)) place.textContent = text;
  }
}

function progress(done, total) {
  const ring = document.querySelector("[data-ring]");
  if (!ring || total === 0) return;
  const share = Math.min(100, Math.floor((100 * done) / total));
  const fill = ring.querySelector(".ring-fill");
  fill.setAttribute("stroke-dasharray", `${share} 100`);
  fill.setAttribute("visibility", share ? "visible" : "hidden");
  ring.querySelector("[data-ring-share]").textContent = share;
  ring.setAttribute("aria-valuenow", share);
  document.title = `${share} % ${title}`;
  import("./badge.js").then(({ badge }) => badge(share)); // not part of the first load
}
