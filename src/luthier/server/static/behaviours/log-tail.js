// Keeps a log at its end while it grows, unless its reader has scrolled up.
const NEAR = 24;
let follow = true;

function log() {
  return document.querySelector("[data-log]");
}

document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target === log()) follow = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR;
  },
  true,
);

function toEnd() {
  const place = log();
  if (place && follow) place.scrollTop = place.scrollHeight;
}

document.body.addEventListener("htmx:afterSettle", toEnd);
toEnd();
