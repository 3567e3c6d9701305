// Turns the one-time code of the link's fragment, or a key typed by hand, into a session.
// A fragment is never sent to a server, so the code stands in no log.
const form = document.querySelector("[data-sign-in]");
const said = document.querySelector("[data-sign-in-said]");
const next = new URLSearchParams(location.search).get("next") ?? "/";

async function signIn(code) {
  form.querySelector("button").disabled = true;
  said.textContent = "Signing in …";
  try {
    const answer = await fetch("/api/v1/sessions", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
    if (answer.ok) {
      location.replace(isOwn(next) ? next : "/");
      return;
    }
    const problem = await answer.json();
    refuse([problem.detail, ...problem.actions.map((action) => `${action.label}.`)].join(" "));
  } catch {
    refuse("The server does not answer. Is luthier serve still running?");
  }
}

function refuse(sentence) {
  said.textContent = sentence;
  said.classList.add("mistake");
  form.hidden = false;
  form.querySelector("button").disabled = false;
  form.elements.code.setAttribute("aria-invalid", "true");
}

// A link must not be able to send a freshly signed-in person elsewhere.
function isOwn(path) {
  return new URL(path, location.origin).origin === location.origin;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(form.elements.code.value.trim());
});

const code = new URLSearchParams(location.hash.slice(1)).get("code");
if (code) {
  history.replaceState(null, "", location.pathname + location.search);
  form.hidden = true;
  signIn(code);
}
