// The editor of a scenario: its lines are numbered and marked, findings lead to their place, and nothing typed is lost.
const form = document.querySelector("#scenario-form");
let saved = field().value;

function field() {
  return document.querySelector("#scenario-text");
}

// What the server found, by line; the worst of each line stands first.
function marks() {
  const found = new Map();
  for (const place of document.querySelectorAll("#scenario-look [data-line]")) {
    const line = Number(place.dataset.line);
    if (!found.has(line)) found.set(line, place.dataset.level);
  }
  return found;
}

function number() {
  const found = marks();
  const lines = field().value.split("\n");
  const numbered = document.querySelector("[data-numbered]");
  while (numbered.children.length > lines.length) numbered.lastElementChild.remove();
  while (numbered.children.length < lines.length) numbered.append(document.createElement("div"));
  lines.forEach((text, at) => {
    const row = numbered.children[at];
    const level = found.get(at + 1);
    if (row.textContent !== (text || " ")) row.textContent = text || " ";
    row.className = level ? `line-${level}` : "";
    if (!level) row.removeAttribute("class");
  });
}

function go(line, character) {
  const text = field();
  const lines = text.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const start = before + Math.min(character - 1, lines[line - 1]?.length ?? 0);
  text.focus({ preventScroll: true });
  text.setSelectionRange(start, before + (lines[line - 1]?.length ?? 0));
  document.querySelector("[data-numbered]").children[line - 1]?.scrollIntoView({ block: "center" });
}

form.addEventListener("input", (event) => {
  if (event.target === field()) number();
});

form.addEventListener("click", (event) => {
  const place = event.target.closest("button[data-line]");
  if (place) go(Number(place.dataset.line), Number(place.dataset.character));
  const download = event.target.closest("[data-download]");
  if (download) keep(field().value);
});

function keep(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  link.download = form.elements.name.value.split("/").pop() || "scenario.md";
  link.click();
  URL.revokeObjectURL(link.href);
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  number();
  if (event.target.id === "scenario-editor") document.body.dispatchEvent(new CustomEvent("laid-out"));
});

// A save that was taken leads to the page of the saved file; nothing is lost then.
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status === 204) saved = field().value;
});

addEventListener("beforeunload", (event) => {
  if (field().value !== saved) event.preventDefault();
});

const asked = /^#line-(\d+)$/.exec(location.hash);
if (asked) go(Number(asked[1]), 1);
