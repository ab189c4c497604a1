// What every page runs. Each module works on the document as a whole, so that parts which htmx
// swaps in need nothing more.
import "./failures.js";
import "./keys.js";
import "./lookup.js";
import "./menus.js";
import "./navigation.js";
import "./forms.js";
import "./rows.js";
import "./toasts.js";
