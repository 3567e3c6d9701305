// A step of the wizard: what was typed before the page was alive counts as if it were typed now.
const form = document.querySelector("#step-form");

function wasTouched(field) {
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.options) {
    const given = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(0, given);
  }
  return field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
}

// Once htmx listens, which it does when the document is ready; its script stands before this one.
document.addEventListener("DOMContentLoaded", () => {
  if ([...form.elements].some(wasTouched)) form.dispatchEvent(new Event("change", { bubbles: true }));
});
