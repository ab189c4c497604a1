// Cuts Tabler's style sheet to the parts that the pages may use, so that a page stays light.
// The cut goes by class name and not by what today's templates hold: a template may use any part
// that is kept without a new build. What is dropped is listed here, in plain sight.
import postcss from "postcss";

// Parts of pages that Fieldstone does not have; each word begins a class name.
const PARTS = [
  "bg-gradient", "bg-pattern", "btn-animate", "calendar", "card-gradient", "card-img", "card-stamp",
  "carousel", "chart","confetti", "countup", "datepicker", "flag", "form-colorinput",
  "form-floating", "form-imagecheck", "form-range", "hero", "img-responsive", "jvm", "litepicker",
  "markdown", "marketing", "noUi", "otp", "page-cover", "payment", "pricing", "prose", "ribbon",
  "shape", "signal", "social", "sparkline", "stamp", "stars", "strength", "switch-icon", "theme-",
  "tracking", "ts-", "was-validated", "wizard", "fs-display", "bg-social", "modal-blur",
  "modal-fullscreen", "offcanvas-floating", "navbar-floating", "navbar-overlap", "grid-",
  "link-underline", "link-offset", "link-opacity", "text-bg", "focus-ring",
  "nav-underline", "table-mobile", "bs-popover", "popover", "row-cols","object-",
  "legend", "accordion", "hover-shadow", "divide","lightbox",
];
// Colours by name, in every shape that takes one, are for tags; these four have fixed shapes here.
const COLOURS = "facebook|twitter|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest"
  + "|vk|rss|flickr|bitbucket|tabler|x|lime|azure|cyan|purple|pink|indigo|teal|orange|yellow|blue"
  + "|red|green|gray|gray-\\d+";
const COLOURED = "btn|btn-outline|btn-ghost|link|table|alert|status|bg|text|border|badge|card-status"
  + "|list-group-item|progress|steps|nav|dropdown-item|toast|avatar|tag|ribbon|form-check|icon";

const DROPPED = [
  new RegExp(`^(${PARTS.join("|")})`),
  new RegExp(`^(${COLOURED})-(${COLOURS})(-(lt|fg|subtle|emphasis|darken|text))*$`),
  // One breakpoint suffices for the navigation and for what opens over the content.
  /^(navbar-expand|offcanvas)-(sm|md|xl|xxl)$/,
  // Utilities change at 768, 992 and 1200 pixels.
  /^(?!modal|container|btn|form|avatar|input|pagination|table).*-(sm|xxl)(-|$)/,
];
const CALENDAR = /\[data-vc/;

const classes = (selector) => [...selector.matchAll(/\.(-?[a-zA-Z_][\w-]*)/g)].map((found) => found[1]);
const isDropped = (selector) =>
  CALENDAR.test(selector)
  || classes(selector.replace(/:not\([^)]*\)/g, "")).some((name) => DROPPED.some((rule) => rule.test(name)));

/** Give the text of a style sheet without the dropped parts, and without what is then empty. */
export function trimCss(css) {
  const root = postcss.parse(css);
  root.walkRules((rule) => {
    if (rule.parent.type === "atrule" && rule.parent.name.endsWith("keyframes")) return;
    const kept = rule.selectors.filter((selector) => !isDropped(selector));
    if (kept.length === 0) rule.remove();
    else if (kept.length < rule.selectors.length) rule.selectors = kept;
  });
  root.walkAtRules((block) => { if (block.nodes && block.nodes.length === 0) block.remove(); });
  dropUnusedFrames(root);
  dropUnusedVariables(root);
  return root.toString();
}

function dropUnusedFrames(root) {
  const used = new Set();
  root.walkDecls(/animation/, (line) => line.value.split(/[\s,]+/).forEach((word) => used.add(word)));
  root.walkAtRules(/keyframes$/, (frames) => { if (!used.has(frames.params)) frames.remove(); });
}

// A variable that no kept rule reads, not even by way of another variable, colours nothing.
function dropUnusedVariables(root) {
  for (let before = -1, count = 0; before !== count;) {
    before = count;
    const read = new Set();
    root.walkDecls((line) => [...line.value.matchAll(/var\((--[\w-]+)/g)].forEach((name) => read.add(name[1])));
    count = read.size;
    root.walkDecls(/^--/, (line) => { if (!read.has(line.prop) && /-(rgb|lt|fg|darken|lt-rgb|subtle|\d+)$|-(lt|rgb)/.test(line.prop)) line.remove(); });
  }
}
