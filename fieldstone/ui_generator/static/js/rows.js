// Rows of a list: J and K, or the arrows, go from name to name; the browser's own Enter opens.
const names = () => [...document.querySelectorAll(".fs-table tbody th a")];
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select, summary, .fs-menu-body, dialog, .fs-options")) return;
  const all = names();
  if (all.length === 0) return;
  const here = all.indexOf(document.activeElement);
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.closest("tr").scrollIntoView({ block: "nearest" });
});
