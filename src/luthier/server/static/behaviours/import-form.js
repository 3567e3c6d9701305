// The form of an import: takes a file that is dropped or chosen, sends it, and has it checked.
import { bytes } from "./figures.js";
import { inWords, send } from "./upload.js";

const form = document.querySelector("#import-form");
const drop = form.querySelector("[data-drop]");
const [chosen, bar, said] = ["#sent", "progress", "[data-drop-said]"].map((part) => drop.querySelector(part));
let request = null;

for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("drop-over");
  });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("drop-over"));

drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) receive(event.dataTransfer.files[0]);
});

chosen.addEventListener("change", (event) => {
  event.stopPropagation(); // the form is checked when the file has arrived
  if (chosen.files.length) receive(chosen.files[0]);
});

// The name says nothing about the file, so nothing has to be checked again.
form.elements.name.addEventListener("change", (event) => event.stopPropagation());

form.elements.path.addEventListener("input", () => {
  form.elements.upload.value = "";
});

function receive(file) {
  request?.abort();
  bar.hidden = false;
  const body = new FormData();
  body.append("file", file);
  const sent = (loaded, total) => {
    bar.value = total ? (100 * loaded) / total : 0;
    say(`Sending ${file.name} …`);
  };
  request = send("/api/v1/files/upload", body, { sent, done: take, refused: refuse });
}

function take(upload) {
  bar.hidden = true;
  say(`${upload.name}, ${bytes(upload.bytes)}`);
  form.elements.path.value = "";
  form.elements.upload.value = upload.upload_id;
  history.replaceState(null, "", `?${new URLSearchParams({ upload: upload.upload_id })}`);
  document.body.dispatchEvent(new CustomEvent("checked"));
}

function refuse(problem) {
  bar.hidden = true;
  say(inWords(problem), true);
}

function say(words, mistake = false) {
  said.textContent = words;
  said.classList.toggle("mistake", mistake);
}

if (chosen.files.length) receive(chosen.files[0]); // it was chosen before this was loaded
