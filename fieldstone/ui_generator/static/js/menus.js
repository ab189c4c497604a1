// Menus are <details>: they open without this. Here they close by Escape, by a click elsewhere,
// and focus their first control when they open.
const open = () => [...document.querySelectorAll(".fs-menu[open]")];

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  const menu = open().at(-1);
  if (!menu) return;
  event.preventDefault();
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.(".fs-menu") || !event.target.open) return;
  event.target.querySelector(".fs-menu-body :is(input:not([type=hidden]), select, a, button)")?.focus();
}, true);

document.addEventListener("keydown", (event) => {
  const body = event.target.closest?.(".fs-menu-body");
  if (!body || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("select, input[type=date]")) return;
  const items = [...body.querySelectorAll("a, button, input:not([type=hidden]), select")];
  const next = items[items.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) { event.preventDefault(); next.focus(); }
});
