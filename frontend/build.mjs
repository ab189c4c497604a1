// Builds what pages load into the directory named on the command line. It needs `npm ci` before.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { trimCss } from "./trim_css.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const target = process.argv[2];
const stamp = process.argv[3] ?? "";
const out = `${target}.partial`;
const FONT = "@fontsource-variable/inter";
// Each icon begins with an unseen square that only drawing programs need.
const FRAME = /<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/;
const COPIED = {
  "htmx.org/dist/htmx.min.js": "htmx.min.js",
  "sortablejs/Sortable.min.js": "sortable.min.js",
};

const read = (path) => readFileSync(join(modules, path), "utf8");
const write = (name, text) => writeFileSync(join(out, name), text);

/** Copy the upright letters of Inter; a browser fetches only the alphabets that a page shows. */
function copyFont() {
  const sheet = read(`${FONT}/wght.css`).replaceAll("url(./files/", "url(./");
  for (const [, file] of sheet.matchAll(/url\(\.\/([\w.-]+\.woff2)\)/g)) {
    copyFileSync(join(modules, FONT, "files", file), join(out, file));
  }
  write("inter.css", sheet);
}

/** Put the listed icons into one sprite, whose symbols are named tabler-NAME. */
function buildSprite() {
  const names = readFileSync(join(here, "icons.txt"), "utf8").split("\n").map((line) => line.trim());
  const symbols = names.filter((name) => name && !name.startsWith("#")).map((name) => {
    const [style, icon] = name.includes("/") ? name.split("/") : ["outline", name];
    const drawing = read(`@tabler/icons/icons/${style}/${icon}.svg`);
    const shape = drawing.slice(drawing.indexOf(">", drawing.indexOf("<svg")) + 1, drawing.lastIndexOf("</svg>"));
    const paint = style === "filled"
      ? 'fill="currentColor"'
      : 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"';
    const id = style === "filled" ? `tabler-${icon}-filled` : `tabler-${icon}`;
    return `<symbol id="${id}" viewBox="0 0 24 24" ${paint}>${shape.replace(/\s*\n\s*/g, "").replace(FRAME, "")}</symbol>`;
  });
  write("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`);
}

/** Name each package that a visitor's browser gets a part of, with its licence's text. */
function writeLicences() {
  const locked = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8")).packages;
  const shipped = Object.entries(locked).filter(([path, facts]) => path && !facts.dev);
  const texts = shipped.map(([path, facts]) => {
    const files = readdirSync(join(here, path)).filter((name) => /^licen[sc]e/i.test(name));
    const body = files.map((name) => readFileSync(join(here, path, name), "utf8")).join("\n");
    return `## ${path.replace("node_modules/", "")} ${facts.version} (${facts.license})\n${body}`;
  });
  write("LICENSES.txt", texts.join("\n"));
}

/** List the files with the digests that pages name them by. The stamp comes last: it says "whole". */
function writeManifest() {
  const digest = (name) => createHash("sha384").update(readFileSync(join(out, name))).digest("base64");
  const files = Object.fromEntries(readdirSync(out).sort().map((name) => [name, `sha384-${digest(name)}`]));
  write("MANIFEST.json", `${JSON.stringify({ stamp, files }, null, 1)}\n`);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const [source, name] of Object.entries(COPIED)) copyFileSync(join(modules, source), join(out, name));
write("tabler.min.css", trimCss(read("@tabler/core/dist/css/tabler.min.css")));
await build({
  entryPoints: readdirSync(join(here, "src")).map((name) => join(here, "src", name)),
  entryNames: "[name].min",
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
});
copyFont();
buildSprite();
writeLicences();
writeManifest();
rmSync(target, { recursive: true, force: true });
renameSync(out, target);
console.error(`built ${basename(target)}: ${readdirSync(target).length} files`);
