// Keys of the page on which layouts are made. Whatever a key does, a button of the page says to the
// server, which gives the page anew; what has the focus keeps it.
const KEYS = { Delete: "remove", r: "behave:required", e: "behave:edit", s: "behave:readonly" };
const MOVES = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };
const STEPS = { ArrowUp: -1, ArrowDown: 1 };

// Keys need not wait for what dragging needs.
const drags = import("./layout_drag.js");

const form = () => document.querySelector("form[data-layout]");
const spots = () => [...form().querySelectorAll("[data-layout-spot]")];

function say(does) {
  const key = form().querySelector("[data-layout-key]");
  key.value = does;
  key.click();
}

const letDrag = async () => (await drags).makeDraggable(form(), say);

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key === "Enter") {
    event.preventDefault();
    form().querySelector("[data-layout-save]").click();
    return;
  }
  const spot = event.target.closest?.("[data-layout-spot]");
  if (!spot || event.metaKey || event.ctrlKey) return;
  const does = event.altKey ? MOVES[event.key] : KEYS[event.key];
  const step = event.altKey ? undefined : STEPS[event.key];
  if (does) {
    event.preventDefault();
    event.stopPropagation();
    say(`${does}@${spot.dataset.layoutSpot}`);
  } else if (step) {
    event.preventDefault();
    const all = spots();
    all[all.indexOf(spot) + step]?.focus();
  }
}, true);

// What was taken off had the focus: what is chosen instead gets it.
document.addEventListener("htmx:after:swap", () => {
  if (form()) letDrag();
  if (form() && document.activeElement === document.body) {
    form().querySelector("[data-layout-spot][aria-pressed=true]")?.focus();
  }
});

letDrag();
