// A part of a page that could not be fetched says so, and can be asked for again.
document.addEventListener("htmx:error", (event) => {
  const place = event.target.closest?.("[hx-get]");
  const bones = place?.querySelector(".fs-bones");
  if (!bones) return;
  const told = document.createElement("p");
  const again = document.createElement("button");
  told.className = "fs-none";
  told.append("This part could not be loaded. ", again);
  again.type = "button";
  again.className = "fs-link";
  again.textContent = "Try again";
  again.addEventListener("click", () => {
    told.replaceWith(bones);
    window.htmx.ajax("GET", place.getAttribute("hx-get"), { source: place, target: place });
  });
  bones.replaceWith(told);
});
