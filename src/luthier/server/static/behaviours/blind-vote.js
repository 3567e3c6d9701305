// The keys 1, 2 and 0 vote, as the buttons say, unless the settings turn single keys off.
const form = document.querySelector("[data-blind-vote]");

document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.shortcuts === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest("input, textarea, select")) return;
  const button = form?.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click(); // htmx sends the value of a button that was clicked, and of no other
});
