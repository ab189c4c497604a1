// Lookups: a text input that knows ids becomes a combobox of names with chips. The list of matches
// comes from the server as HTML (htmx puts it below the input); here are its keys and the choice.
const LONGEST = 200; // characters of what is typed that the server looks at
const chosenOf = (lookup) => lookup.querySelector("[data-chosen]");
const inputOf = (lookup) => lookup.querySelector("[role=combobox]");
const listOf = (lookup) => lookup.querySelector("[role=listbox]");
const optionsOf = (lookup) => [...lookup.querySelectorAll("[role=option]")];
const activeOf = (lookup) => lookup.querySelector("[role=option][aria-selected=true]");

function close(lookup) {
  listOf(lookup).replaceChildren();
  inputOf(lookup).setAttribute("aria-expanded", "false");
  inputOf(lookup).removeAttribute("aria-activedescendant");
}

function point(lookup, option) {
  activeOf(lookup)?.setAttribute("aria-selected", "false");
  if (!option) return;
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  inputOf(lookup).setAttribute("aria-activedescendant", option.id);
}

function tell(lookup) {
  lookup.dispatchEvent(new Event("input", { bubbles: true }));
  lookup.closest(".fs-field")?.classList.add("is-dirty");
}

function choose(lookup, option) {
  const chip = lookup.querySelector("template").content.firstElementChild.cloneNode(true);
  chip.querySelector("span").textContent = option.dataset.name;
  chip.querySelector("input").value = option.dataset.id;
  chip.querySelector("button").setAttribute("aria-label", `Remove ${option.dataset.name}`);
  const chosen = chosenOf(lookup);
  if (lookup.hasAttribute("data-single")) chosen.replaceChildren(chip);
  else if (![...chosen.querySelectorAll("input")].some((input) => input.value === option.dataset.id)) chosen.append(chip);
  inputOf(lookup).value = "";
  close(lookup);
  tell(lookup);
  if (lookup.hasAttribute("data-submits-form")) lookup.closest("form").requestSubmit();
}

document.addEventListener("click", (event) => {
  const off = event.target.closest(".fs-lookup .fs-chip-off");
  if (off) {
    const lookup = off.closest(".fs-lookup");
    off.closest(".fs-chip").remove();
    tell(lookup);
    inputOf(lookup).focus();
    return;
  }
  const option = event.target.closest(".fs-lookup [role=option]");
  if (option) { choose(option.closest(".fs-lookup"), option); return; }
  const box = event.target.closest(".fs-lookup-box");
  if (box && event.target === box) box.querySelector("input[role=combobox]").focus();
  for (const lookup of document.querySelectorAll(".fs-lookup")) {
    if (!lookup.contains(event.target) && listOf(lookup)) close(lookup);
  }
});

document.addEventListener("keydown", (event) => {
  const lookup = event.target.matches?.("[role=combobox]") ? event.target.closest(".fs-lookup") : null;
  if (!lookup) return;
  const options = optionsOf(lookup);
  const at = options.indexOf(activeOf(lookup));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    point(lookup, options[(at + step + options.length) % options.length]);
  } else if (event.key === "Enter" && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    if (activeOf(lookup)) choose(lookup, activeOf(lookup));
    else lookup.toggleAttribute("data-hurried", Boolean(event.target.value));
  } else if (event.key === "Escape" && options.length) {
    event.preventDefault();
    close(lookup);
  } else if (event.key === "Backspace" && !event.target.value) {
    chosenOf(lookup).lastElementChild?.querySelector(".fs-chip-off")?.click();
  }
});

// What is shown belongs to an earlier text: nothing of it may be chosen by Enter any more.
document.addEventListener("input", (event) => {
  if (!event.target.matches?.("[role=combobox]")) return;
  point(event.target.closest(".fs-lookup"), null);
  event.target.removeAttribute("aria-activedescendant");
});

document.addEventListener("focusout", (event) => {
  const lookup = event.target.closest?.(".fs-lookup");
  if (lookup && !lookup.contains(event.relatedTarget)) setTimeout(() => close(lookup), 200);
});

document.addEventListener("htmx:after:swap", (event) => {
  const lookup = event.target.closest?.(".fs-lookup");
  if (!lookup || !listOf(lookup)) return;
  const options = optionsOf(lookup);
  inputOf(lookup).setAttribute("aria-expanded", String(options.length > 0));
  const typed = inputOf(lookup).value.trim();
  // An answer to less than what is typed by now may be looked at; Enter waits for the next one.
  if (listOf(lookup).firstElementChild?.dataset.typed !== typed.slice(0, LONGEST)) return;
  if (typed) point(lookup, options[0]);
  // Enter came before the answer: it was meant for the first match.
  if (lookup.hasAttribute("data-hurried") && options.length) choose(lookup, options[0]);
  lookup.removeAttribute("data-hurried");
});
