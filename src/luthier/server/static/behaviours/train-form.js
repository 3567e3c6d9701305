// The form of a new run: shows what belongs to the chosen source, and sends a file from this browser.
import { inWords, send } from "./upload.js";

const form = document.querySelector("#train-form");
const upload = form.querySelector("[data-upload]");
const [input, bar, said] = ["input", "progress", "[data-upload-said]"].map((name) => upload.querySelector(name));
let request = null;

form.addEventListener("change", ({ target }) => {
  if (target.name === "source") show(target.value);
  if (target === input && input.files.length) receive(input.files[0]);
});
// A choice may have been made before this was loaded.
show(form.elements.source.value);
if (input.files.length) receive(input.files[0]);

function show(source) {
  for (const part of form.querySelectorAll("[data-for-source]")) part.hidden = part.dataset.forSource !== source;
}

function receive(file) {
  request?.abort();
  bar.hidden = false;
  said.classList.remove("mistake");
  const body = new FormData();
  body.append("file", file);
  if (form.elements.skip_bad_rows.checked) body.append("skip_bad_rows", "true");
  const sent = (loaded, total) => {
    bar.value = total ? (100 * loaded) / total : 0;
    said.textContent = loaded < total ? `Sending ${file.name} …` : `Checking ${file.name} …`;
  };
  request = send("/api/v1/datasets/upload", body, { sent, done: take, refused: refuse });
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
  said.textContent = inWords(problem);
}
