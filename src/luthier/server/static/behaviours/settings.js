// What was saved shows at once: this browser follows the workspace's light and density again.
const root = document.documentElement;

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id !== "section-pages" || target.querySelector("[aria-invalid]")) return;
  const { theme, density } = target.elements;
  root.dataset.density = density.value;
  root.dataset.lights = theme.value;
  root.dispatchEvent(new CustomEvent("theme-forgotten", { bubbles: true }));
});
