// The form of an import: a file that is dropped or chosen is sent, and then checked.
import { takesFiles } from "./drop.js";

const form = document.querySelector("#import-form");

// The name says nothing about the file, so nothing has to be checked again.
form.elements.name.addEventListener("change", (event) => event.stopPropagation());

form.elements.path.addEventListener("input", () => {
  form.elements.upload.value = "";
});

takesFiles(form.querySelector("[data-drop]"), (upload) => {
  form.elements.path.value = "";
  form.elements.upload.value = upload.upload_id;
  history.replaceState(null, "", `?${new URLSearchParams({ upload: upload.upload_id })}`);
  document.body.dispatchEvent(new CustomEvent("checked"));
});
