// The navigation opens over the content where the window is narrow; light and dark switch at once.
const nav = document.querySelector(".fs-nav");

function turn(open) {
  nav.classList.toggle("is-open", open);
  for (const button of document.querySelectorAll("[data-nav-toggle]")) button.setAttribute("aria-expanded", open);
  if (open) nav.querySelector("a").focus();
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-nav-toggle]");
  if (toggle) { event.preventDefault(); turn(!nav.classList.contains("is-open")); }
  else if (nav?.classList.contains("is-open") && !nav.contains(event.target)) turn(false);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && nav?.classList.contains("is-open")) turn(false);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-themes]");
  if (!form) return;
  event.preventDefault();
  const theme = event.submitter.value;
  if (theme === "system") document.documentElement.removeAttribute("data-bs-theme");
  else document.documentElement.dataset.bsTheme = theme;
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", button.value === theme);
  const body = new FormData(form, event.submitter);
  fetch(form.action, { method: "POST", body, redirect: "manual" });
});
