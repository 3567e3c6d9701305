// A press of a button before the page's scripts are there is kept, and made again when they are: without them a form
// would put everything that was typed into the address, and other buttons would do nothing.
// A classic script, because a module would come too late. A form that names its address goes there without scripts.
(() => {
  const pressed = [];

  function keep(event) {
    const button = event.target.closest?.("button");
    if (!button || button.popoverTargetElement || button.form?.hasAttribute("action")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!pressed.includes(button)) pressed.push(button);
  }

  addEventListener("click", keep, { capture: true });
  // After every script that waits for the document has met it.
  document.addEventListener("DOMContentLoaded", () =>
    setTimeout(() => {
      removeEventListener("click", keep, { capture: true });
      for (const button of pressed) button.click();
    }),
  );
})();
