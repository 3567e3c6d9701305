// The palette: write a few letters, choose with the arrows, Enter goes there. What is found, the server finds.
let dialog = null;

export async function open() {
  if (dialog?.open) return dialog.close();
  if (!dialog) {
    const holder = document.createElement("div");
    document.body.append(holder);
    await globalThis.htmx.ajax("GET", "/palette", holder);
    dialog = holder.querySelector("dialog");
    dialog.addEventListener("keydown", choose);
    dialog.addEventListener("htmx:afterSwap", () => select(0));
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  }
  dialog.showModal();
  const line = dialog.querySelector("input");
  line.focus();
  line.select();
  return undefined;
}

const hits = () => [...dialog.querySelectorAll("[role='option']")];

function select(number) {
  const all = hits();
  const chosen = all.length ? all[(number + all.length) % all.length] : null;
  for (const hit of all) hit.setAttribute("aria-selected", String(hit === chosen));
  const line = dialog.querySelector("input");
  if (chosen) line.setAttribute("aria-activedescendant", chosen.id);
  else line.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

function choose(event) {
  const all = hits();
  const now = all.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  const moves = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: all.length - 1 };
  if (event.key in moves && !(event.shiftKey || event.ctrlKey)) {
    event.preventDefault();
    select(moves[event.key]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    all[now]?.click();
  }
}
