// Inputs that find lines of a long list or table on the same page, by any text in them.
document.addEventListener("input", (event) => {
  const list = document.getElementById(event.target.dataset?.finds);
  if (!list) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const line of list.querySelectorAll("tbody tr, li")) {
    line.hidden = !line.textContent.toLowerCase().includes(wanted);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.dataset?.finds) event.preventDefault();
});
