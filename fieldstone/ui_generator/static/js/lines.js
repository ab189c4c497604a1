// Inputs that add to the lines of a text: what is chosen, or typed and entered, becomes a line of it,
// unless it is one already.
function add(input) {
  const text = document.getElementById(input.dataset.addsTo);
  const said = input.value.trim();
  if (!text || !said) return;
  const lines = text.value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (!lines.includes(said)) lines.push(said);
  text.value = lines.join("\n");
  input.value = "";
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("change", (event) => {
  if (event.target.dataset?.addsTo) add(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.dataset?.addsTo) return;
  event.preventDefault();
  add(event.target);
});
