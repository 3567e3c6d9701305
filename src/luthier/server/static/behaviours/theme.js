// Light or dark, before the first paint: what was chosen here, else what the system prefers.
// A classic script, because a module would run after the page had been shown in the wrong light.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off: the choice lasts as long as the page
    }
  }

  function apply(theme) {
    if (theme) root.dataset.theme = theme;
    root.dispatchEvent(new CustomEvent("theme-changed", { bubbles: true }));
  }

  function toggle() {
    const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", next);
    } catch {
      // as above
    }
    apply(next);
  }

  apply(chosen());
  dark.addEventListener("change", () => apply(chosen()));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) toggle();
  });
})();
