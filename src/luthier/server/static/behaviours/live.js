// The page's stream of events: each becomes a DOM event on the body, so that any part can wait for what concerns it.
// "run.step" arrives as "run-step", because a dot cannot stand in an htmx trigger.
const KINDS = ["state", "step", "held_out_loss", "checkpoint", "sample", "alert", "remedy", "progress", "preflight", "readings", "answer", "notice"];
const STALE_SECONDS = 4;

const source = document.querySelector("[data-events]");
if (source) follow(source);

function follow(element) {
  const notice = document.querySelector("[data-stream-notice]");
  const stream = new EventSource(element.dataset.events);
  let lostAt = null;

  for (const kind of KINDS) {
    stream.addEventListener(`run.${kind}`, (message) => {
      const event = JSON.parse(message.data);
      if (kind === "notice") import("./notices.js").then(({ tell }) => tell(event)); // seldom, so not part of the first load
      document.body.dispatchEvent(new CustomEvent(`run-${kind.replaceAll("_", "-")}`, { detail: event }));
    });
  }
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
