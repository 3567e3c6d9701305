// The page's stream of events: each becomes a DOM event on the body, so that any part can wait for what concerns it.
// "run.step" arrives as "run-step", because a dot cannot stand in an htmx trigger.
const KINDS = ["state", "step", "held_out_loss", "checkpoint", "sample", "alert", "remedy", "progress", "preflight", "readings", "answer", "notice"];
const STALE_SECONDS = 4;
const came = new Map(); // name of a DOM event to when it last came
const asked = new WeakMap(); // part to when it last asked for itself

const source = document.querySelector("[data-events]");
// Nothing is followed until every part can hear: other scripts run before this one, and htmx begins when the page is whole.
if (source) addEventListener("DOMContentLoaded", () => follow(source), { once: true });

function follow(element) {
  const notice = document.querySelector("[data-stream-notice]");
  const stream = new EventSource(element.dataset.events);
  let lostAt = null;

  for (const kind of KINDS) {
    stream.addEventListener(`run.${kind}`, (message) => {
      const event = JSON.parse(message.data);
      if (kind === "notice") import("./notices.js").then(({ tell }) => tell(event)); // seldom, so not part of the first load
      const name = `run-${kind.replaceAll("_", "-")}`;
      came.set(name, performance.now());
      document.body.dispatchEvent(new CustomEvent(name, { detail: event }));
    });
  }
  document.body.addEventListener("htmx:beforeRequest", ({ detail }) => asked.set(detail.elt, performance.now()));
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => askAgain(detail.requestConfig.elt));
  stream.addEventListener("open", () => {
    lostAt = null;
    if (notice) notice.hidden = true;
  });
  stream.addEventListener("error", () => {
    lostAt ??= Date.now();
  });
  setInterval(() => {
    if (!notice || lostAt === null) return;
    const seconds = Math.round((Date.now() - lostAt) / 1000);
    notice.hidden = seconds < STALE_SECONDS;
    notice.querySelector("[data-age]").textContent = `${seconds} s`;
  }, 1000);
  addEventListener("pagehide", () => stream.close());
}

// What came while a part was fetched is in neither the old part, which is gone, nor for certain in the new one.
function askAgain(old) {
  const part = document.getElementById(old.id);
  const waitsFor = part?.getAttribute("hx-trigger")?.matchAll(/([\w-]+) from:body/g) ?? [];
  const isLate = [...waitsFor].some(([, name]) => came.get(name) > asked.get(old));
  if (isLate) htmx.ajax("GET", part.getAttribute("hx-get"), { source: part, target: part, swap: "outerHTML" });
}
