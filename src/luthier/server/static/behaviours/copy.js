// A button with data-copy puts that text on the clipboard and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const name = button.getAttribute("aria-label");
  const done = await write(button.dataset.copy);
  button.classList.toggle("copied", done);
  button.setAttribute("aria-label", done ? "Copied" : "Copying was not allowed; select the text instead");
  setTimeout(() => {
    button.classList.remove("copied");
    button.setAttribute("aria-label", name);
  }, 1600);
});

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
