// A place to drop a file, or to choose one: sends it, says how far that is, and hands over what was kept of it.
import { bytes } from "./figures.js";
import { inWords, send } from "./upload.js";

export function takesFiles(drop, kept) {
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

  function receive(file) {
    request?.abort();
    bar.hidden = false;
    const body = new FormData();
    body.append("file", file);
    const sent = (loaded, total) => {
      bar.value = total ? (100 * loaded) / total : 0;
      say(`Sending ${file.name} …`);
    };
    const done = (upload) => {
      bar.hidden = true;
      say(`${upload.name}, ${bytes(upload.bytes)}`);
      kept(upload);
    };
    const refused = (problem) => {
      bar.hidden = true;
      say(inWords(problem), true);
    };
    request = send("/api/v1/files/upload", body, { sent, done, refused });
  }

  function say(words, mistake = false) {
    said.textContent = words;
    said.classList.toggle("mistake", mistake);
  }

  if (chosen.files.length) receive(chosen.files[0]); // it was chosen before this was loaded
}
