// What every page runs. Each module works on the document as a whole, so that parts which htmx
// swaps in need nothing more.
import "./failures.js";
import "./find.js";
import "./keys.js";
import "./lines.js";
import "./lookup.js";
import "./menus.js";
import "./navigation.js";
import "./forms.js";
import "./rows.js";
import "./toasts.js";

// Only the pages on which layouts are made need their keys.
if (document.querySelector("[data-layout]")) import("./layouts.js");

// Only pages with a long list to tick have something to find in it.
if (document.querySelector('[data-finds=""]')) import("./finder.js");
