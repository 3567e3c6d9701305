// Explanations open by hover and focus too; the drawer of help; keys that lead to pages. Not while somebody types.
const root = document.documentElement;
const panel = document.querySelector("#help-panel");
const toggles = document.querySelectorAll("[data-help-toggle]");
const HOVER_MS = 250;
let waiting = 0;
let hovered = null;
let prefix = "";

// Explanations

const tipOf = (button) => document.getElementById(button.getAttribute("popovertarget"));

function show(button) {
  const tip = tipOf(button);
  if (tip && !tip.matches(":popover-open")) tip.showPopover({ source: button });
}

document.addEventListener("pointerover", ({ target, pointerType }) => {
  const button = target.closest?.("[data-explains]");
  if (pointerType !== "mouse" || button === hovered || target.closest?.(".tip:popover-open")) return;
  clearTimeout(waiting);
  if (hovered && !hovered.matches(":focus-visible")) tipOf(hovered)?.hidePopover();
  hovered = button ?? null;
  if (button) waiting = setTimeout(show, HOVER_MS, button);
});

document.addEventListener("focusin", ({ target }) => {
  if (target.matches("[data-explains]:focus-visible")) show(target);
});

document.addEventListener("focusout", ({ target }) => {
  if (target.matches?.("[data-explains]")) tipOf(target)?.hidePopover();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-explains]");
  // It is open already, because the pointer is over it: the click that means "tell me" must not close it.
  if (button && tipOf(button)?.matches(":popover-open") && event.detail) event.preventDefault();
});

// The drawer

function openPanel(wanted) {
  if (wanted) root.dataset.help = "open";
  else delete root.dataset.help;
  try {
    localStorage.setItem("help", wanted ? "open" : "closed");
  } catch {
    // storage is switched off: the choice lasts as long as the page
  }
  for (const toggle of toggles) toggle.setAttribute("aria-expanded", String(wanted));
  if (wanted && !panel.childElementCount) return fill();
  return Promise.resolve();
}

const fill = () => globalThis.htmx.ajax("GET", `/help/panel?path=${encodeURIComponent(location.pathname)}`, panel);

async function turnPanel() {
  const wanted = root.dataset.help !== "open";
  await openPanel(wanted);
  if (wanted) panel.querySelector("h2")?.focus();
  else toggles[0]?.focus();
}

if (panel && root.dataset.help === "open") openPanel(true);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help-toggle]")) {
    event.preventDefault();
    turnPanel();
  } else if (event.target.closest("[data-palette-open]")) {
    event.preventDefault();
    palette();
  }
});

// Keys

const palette = () => import("./palette.js").then(({ open }) => open());

const typing = ({ target }) => target.closest?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    palette();
    return;
  }
  if (event.key === "Escape" && panel?.contains(event.target)) turnPanel();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || document.querySelector("dialog[open]")) return;
  if (root.dataset.shortcuts === "off") return;
  const place = prefix && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  prefix = event.key === "g" ? "g" : "";
  if (place) place.click();
  else if (event.key === "?") turnPanel();
  else if (event.key === "/") {
    event.preventDefault();
    palette();
  }
});
