// A long list of what can be ticked is narrowed to what has the text that is typed. What is ticked
// stays ticked while it is not seen, and is sent.
document.addEventListener("input", (event) => {
  if (!event.target.matches('[data-finds=""]')) return;
  const wanted = event.target.value.trim().toLowerCase();
  const form = event.target.form;
  let found = false;
  for (const group of form.querySelectorAll("[data-found-group]")) {
    const named = group.querySelector("summary").textContent.toLowerCase().includes(wanted);
    let any = named;
    for (const one of group.querySelectorAll("[data-found]")) {
      one.hidden = !named && !one.textContent.toLowerCase().includes(wanted);
      any ||= !one.hidden;
    }
    group.hidden = !any;
    if (wanted && any) group.open = true;
    found ||= any;
  }
  form.querySelector("[data-found-none]").hidden = found;
});

// Enter in the field that finds is no wish to send the form.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.('[data-finds=""]')) event.preventDefault();
});
