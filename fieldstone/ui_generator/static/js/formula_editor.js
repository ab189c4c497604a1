// The editor of formulas: a list of fields and functions that go in where the cursor was, and the
// way to the place of a mistake. Ctrl + Space looks for a name; Escape goes back to the formula.
const palette = document.querySelector("[data-palette]");
const search = palette?.querySelector("[type=search]");
let target = document.querySelector(".fs-formula");

const items = () => [...palette.querySelectorAll(".fs-insert")].filter((one) => one.checkVisibility());

function insert(button) {
  const { insert: text, closing } = button.dataset;
  const { selectionStart: start, selectionEnd: end, value } = target;
  const chosen = closing ? value.slice(start, end) : "";
  // Written as if typed, so that the browser's own undo takes it back.
  target.focus();
  if (!document.execCommand("insertText", false, text + chosen + closing)) {
    target.setRangeText(text + chosen + closing, start, end, "end");
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (closing) target.setSelectionRange(start + text.length + chosen.length, start + text.length + chosen.length);
}

/** Show what has the words that were typed; all of it where there are none. */
function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of palette.querySelectorAll(".fs-group")) {
    let any = false;
    for (const item of group.querySelectorAll("li")) {
      const told = `${group.firstElementChild.textContent} ${item.textContent}`.toLowerCase();
      item.hidden = !words.every((word) => told.includes(word));
      any ||= !item.hidden;
    }
    group.hidden = !any;
    if (words.length) group.open = any;
  }
}

function look() {
  const { value, selectionStart: at } = target;
  const begun = /[\w$.]*$/.exec(value.slice(0, at))[0];
  target.setSelectionRange(at - begun.length, at);
  search.value = begun;
  filter();
  search.focus();
}

document.addEventListener("focusin", (event) => {
  if (event.target.matches?.(".fs-formula")) target = event.target;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".fs-insert");
  if (button && target) insert(button);
  const place = event.target.closest?.("[data-select]");
  const formula = place && document.getElementById(place.dataset.select);
  if (!formula) return;
  formula.focus();
  formula.setSelectionRange(Number(place.dataset.start), Number(place.dataset.end));
});

document.addEventListener("keydown", (event) => {
  if (!palette || !target) return;
  if (event.ctrlKey && event.code === "Space" && event.target === target) {
    event.preventDefault();
    look();
    return;
  }
  if (!palette.contains(event.target)) return;
  const all = items();
  const at = all.indexOf(event.target);
  if (event.key === "ArrowDown" || (event.key === "ArrowUp" && at >= 0)) {
    event.preventDefault();
    (all[at + (event.key === "ArrowDown" ? 1 : -1)] ?? search).focus();
  } else if (event.key === "Enter" && event.target === search && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    if (all[0]) insert(all[0]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    target.focus();
  }
});

search?.addEventListener("input", (event) => {
  // What is looked for is no part of the formula.
  event.stopPropagation();
  filter();
});
