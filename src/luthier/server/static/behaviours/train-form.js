// The form of a new run: shows what belongs to the chosen source, and sends a file from this browser.
const form = document.querySelector("#train-form");
const upload = form.querySelector("[data-upload]");
const [input, bar, said] = ["input", "progress", "[data-upload-said]"].map((name) => upload.querySelector(name));
let request = null;

form.addEventListener("change", ({ target }) => {
  if (target.name === "source") show(target.value);
  if (target === input && input.files.length) send(input.files[0]);
});

function show(source) {
  for (const part of form.querySelectorAll("[data-for-source]")) part.hidden = part.dataset.forSource !== source;
}

// fetch cannot say how much has been sent; XMLHttpRequest can.
function send(file) {
  request?.abort();
  request = new XMLHttpRequest();
  request.open("POST", "/api/v1/datasets/upload");
  request.setRequestHeader("X-Luthier", "1");
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total ? (100 * loaded) / total : 0;
    said.textContent = loaded < total ? `Sending ${file.name} …` : `Checking ${file.name} …`;
  });
  request.addEventListener("load", () => (request.status === 201 ? take(request.response) : refuse(request.response)));
  request.addEventListener("error", () => refuse({ detail: "The file could not be sent.", actions: [] }));
  bar.hidden = false;
  said.classList.remove("mistake");
  const body = new FormData();
  body.append("file", file);
  if (form.elements.skip_bad_rows.checked) body.append("skip_bad_rows", "true");
  request.send(body);
}

function take(dataset) {
  bar.hidden = true;
  said.textContent = `${dataset.name} is imported.`;
  const select = form.elements.dataset;
  select.querySelector(`[value="${dataset.dataset_id}"]`)?.remove();
  select.append(new Option(dataset.name, dataset.dataset_id, true, true));
  form.querySelector('[name="source"][value="dataset"]').checked = true;
  show("dataset");
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

function refuse(problem) {
  bar.hidden = true;
  input.value = "";
  said.classList.add("mistake");
  said.textContent = [problem.detail, ...problem.actions.map(({ label }) => `${label}.`)].join(" ");
}
