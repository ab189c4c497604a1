// Dragging on the page on which layouts are made: fields within and into columns, off to those that
// have no place, sections and related lists by their bars. Where something was dropped is said to
// the server, as keys and buttons say theirs; when it cannot be asked, all goes back.
import "../vendor/sortable.min.js";

const HOLD_MS = 350;
const STEP_MS = 120;
let putBack = () => {};

function remember({ from, item }) {
  const next = item.nextSibling;
  putBack = () => from.isConnected && from.insertBefore(item, next);
}

const spotIn = (item) => item.querySelector("[data-layout-spot]")?.dataset.layoutSpot;

/** Give what a button would say of a drop; null where nothing has changed. */
function said({ from, to, item, oldDraggableIndex, newDraggableIndex }) {
  if (from === to && oldDraggableIndex === newDraggableIndex) return null;
  if (to.dataset.layoutSpare !== undefined) {
    return from === to ? null : `remove@${spotIn(item)}`;
  }
  const column = to.dataset.layoutColumn;
  if (from.dataset.layoutSpare !== undefined) {
    return `drop-new:${column}-${newDraggableIndex}:${item.dataset.layoutField}`;
  }
  const place = column === undefined ? newDraggableIndex : `${column}-${newDraggableIndex}`;
  return `drop:${place}@${spotIn(item)}`;
}

/** Let everything in a form be dragged. say: tells the server what was done. */
export function makeDraggable(form, say) {
  if (form.dataset.drags) return;
  form.dataset.drags = "true";
  const moves = {
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : STEP_MS,
    delay: HOLD_MS,
    delayOnTouchOnly: true,
    touchStartThreshold: 5,
    fallbackTolerance: 5,
    forceFallback: true,
    ghostClass: "is-dropping",
    fallbackClass: "is-dragged",
    filter: "select, input, .fs-layout-tools",
    preventOnFilter: false,
    onStart: remember,
    onEnd: (event) => {
      const does = form.isConnected && said(event);
      if (does) say(does);
    },
  };
  const sortable = (place, more) => new window.Sortable(place, { ...moves, ...more });
  for (const column of form.querySelectorAll("[data-layout-column]")) sortable(column, { group: "fields" });
  const spare = form.querySelector("[data-layout-spare]");
  if (spare) sortable(spare, { group: "fields", sort: false });
  for (const whole of form.querySelectorAll("[data-layout-wholes]")) {
    sortable(whole, { handle: ".fs-layout-bar" });
  }
}

document.addEventListener("htmx:error", () => putBack());
