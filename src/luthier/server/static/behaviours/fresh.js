// Says how old the figures of the page are as soon as they are older than two seconds.
// Their age counts from the moment when they were asked for, so that a slow answer counts as old.
const STALE_MS = 2_000;
const frame = document.querySelector("[data-fresh]");
const age = document.querySelector("[data-age]");
const asked = new Map(); // by the id of the part
const made = new Map();

for (const part of parts()) made.set(part.id, performance.now());

function parts() {
  return frame.querySelectorAll("[hx-get]");
}

document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (frame.contains(target)) asked.set(target.id, performance.now());
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { id } = detail.elt;
  if (asked.has(id) && detail.xhr.status === 200) made.set(id, asked.get(id));
  else if (made.has(id)) detail.shouldSwap = false; // an error has no place here: what is shown stays, and its age is said
});

// A page that was out of sight asks less often; as soon as it is seen again it asks at once.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const part of parts()) globalThis.htmx.trigger(part, "seen");
});

setInterval(() => {
  const oldest = performance.now() - Math.min(...made.values());
  const stale = oldest > STALE_MS;
  frame.classList.toggle("stale", stale);
  age.hidden = !stale;
  const words = `These figures are ${Math.round(oldest / 1000)} s old: the server does not answer.`;
  if (stale && age.textContent !== words) age.textContent = words;
}, 250);
