// The wizard's examples: a file that is dropped or chosen is sent, and the step is looked at again.
import { takesFiles } from "./drop.js";

const form = document.querySelector("#step-form");

form.elements.path.addEventListener("input", () => {
  form.elements.upload.value = "";
});

takesFiles(form.querySelector("[data-drop]"), (upload) => {
  form.elements.path.value = "";
  form.elements.upload.value = upload.upload_id;
  form.dispatchEvent(new Event("change", { bubbles: true }));
});
