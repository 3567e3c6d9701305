// Light or dark, before the first paint: what was chosen here, else what the settings say, else what the system prefers.
// A classic script, because a module would run after the page had been shown in the wrong light.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function set() {
    const lights = root.dataset.lights ?? "system";
    return lights === "system" ? null : lights;
  }

  const chosen = () => kept("theme") ?? set();

  function kept(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is switched off: a choice lasts as long as the page
    }
  }

  function apply(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
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
  if (kept("help") === "open") root.dataset.help = "open"; // room for the drawer, so that nothing moves later
  dark.addEventListener("change", () => apply(chosen()));
  document.addEventListener("theme-forgotten", () => {
    try {
      localStorage.removeItem("theme");
    } catch {
      // nothing was kept
    }
    apply(set());
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) toggle();
  });
})();
