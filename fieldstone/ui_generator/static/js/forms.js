// Forms: what differs from the saved value is marked, leaving with unsaved values is asked about,
// and after a refused save the first field with a problem has the focus.
const changed = (field) => [...field.querySelectorAll("input, textarea, select")].some((input) => {
  if (input.type === "hidden") return input.dataset.before !== undefined && input.value !== input.dataset.before;
  if (input.type === "checkbox" || input.type === "radio") return input.checked !== input.defaultChecked;
  if (input.tagName === "SELECT") return [...input.options].some((option) => option.selected !== option.defaultSelected);
  return input.name && input.value !== input.defaultValue;
});

let saving = false;

document.addEventListener("input", (event) => {
  const field = event.target.closest?.("form[data-submit] .fs-field");
  if (field) field.classList.toggle("is-dirty", changed(field));
});

document.addEventListener("submit", (event) => { if (event.target.matches("form[data-submit]")) saving = true; });

window.addEventListener("beforeunload", (event) => {
  if (!saving && document.querySelector("form[data-submit] .is-dirty")) event.preventDefault();
});

// A choice in a filter or among columns takes effect without a further button.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

if (document.querySelector("[data-palette]")) import("./formula_editor.js");

const start = document.querySelector("[aria-invalid=true]:not([type=hidden])")
  ?? document.querySelector("form[data-first] .fs-field :is(input:not([type=hidden]), select, textarea)");
if (start && !location.hash) start.focus();

// Most forms have no conditions, and need not fetch what works them out.
const conditional = document.querySelector("form[data-conditions]");
if (conditional) import("./conditions.js").then(({ watch }) => watch(conditional));

if (document.querySelector("form[data-passkey]")) import("./passkeys.js");

// What an identity provider had the browser send comes once more from this site, with its cookies.
document.querySelector("form[data-sends-itself]")?.submit();
