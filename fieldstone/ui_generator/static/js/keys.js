// Keys: an element with data-key is clicked, or focused if it is an input, when its key is
// pressed and no text has focus. "?" lists the keys of the page, read from the same elements.
const EDITABLE = "input, textarea, select, [contenteditable]";

const seen = (element) => element.checkVisibility({ visibilityProperty: true });
const keyed = () => [...document.querySelectorAll("[data-key]")].filter(seen);

function act(element) {
  if (element.matches(EDITABLE)) element.focus();
  else element.click();
}

function showKeys() {
  const dialog = document.querySelector("#fs-keys");
  if (!dialog || dialog.open) return;
  const list = dialog.querySelector("dl");
  const once = new Map(keyed().map((element) => [element.dataset.key, element]));
  list.replaceChildren(...[...once].map(([key, element]) => {
    const row = document.createElement("div");
    const name = document.createElement("dt");
    const cap = document.createElement("dd");
    const face = document.createElement("kbd");
    name.textContent = element.dataset.keyName || element.getAttribute("aria-label") || element.textContent.trim();
    face.textContent = key.toUpperCase();
    cap.append(face);
    row.append(name, cap);
    return row;
  }));
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key === "Enter") {
    const form = event.target.closest?.("form[data-submit]");
    if (form) { event.preventDefault(); form.requestSubmit(); }
    return;
  }
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.target.closest?.(EDITABLE) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") { event.preventDefault(); showKeys(); return; }
  const found = keyed().find((element) => element.dataset.key === event.key);
  if (found) { event.preventDefault(); act(found); }
});
