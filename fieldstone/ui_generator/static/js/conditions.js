// Fields that a form shows and demands depending on the others: worked out here while one types, by
// the same formulas as on the server, which is asked for what only it knows.
import { Decimal, decimalOf, round } from "./formula/decimal.js";
import { evaluate, isKnown } from "./formula/evaluate.js";
import { Failed, NotHere, valueOf } from "./formula/values.js";

const PATIENCE_MS = 250;
const NUMBER = /^-?\d{1,18}(\.\d{1,18})?$/;

function number(text, { kind, places }) {
  const bare = text.trim();
  if (!bare) return null;
  if (!NUMBER.test(bare)) throw new NotHere("a number written in another way");
  const found = round(decimalOf(bare), places ?? 0);
  return kind === "percent" ? new Decimal(found.whole, found.places + 2) : found;
}

function day(text) {
  if (text && !/^\d{4}-\d\d-\d\d$/.test(text)) throw new NotHere("a day written in another way");
  return valueOf(text || null, "date");
}

// What the texts of an input mean, as the server reads them.
const READ = {
  line: (texts) => texts.at(-1).trim().replace(/\s*[\r\n]+\s*/g, " "),
  choice: (texts) => texts.at(-1).trim(),
  choices: (texts) => texts.flatMap((text) => text.split(";")).map((text) => text.trim()).filter(Boolean),
  check: (texts) => texts.at(-1) === "yes",
  decimal: (texts, input) => number(texts.at(-1), input),
  date: (texts) => day(texts.at(-1)),
  record: (texts) => texts.at(-1),
};

class Conditions {
  constructor(form) {
    this.form = form;
    this.told = JSON.parse(form.dataset.conditions);
    this.inputs = this.told.inputs;
    // As the server rendered it: somebody may have typed before this ran, or come back to the page.
    const rendered = form.cloneNode(true);
    rendered.reset();
    this.begun = this.texts(rendered);
    this.now = this.begun;
    this.turn = 0;
    this.status = document.createElement("p");
    this.status.className = "fs-hidden";
    this.status.setAttribute("role", "status");
    form.append(this.status);
    for (const kind of ["input", "change"]) form.addEventListener(kind, () => this.look());
    this.look();
  }

  /** Give what the inputs hold that conditions read; of a reference what is chosen, not what is typed. */
  texts(form = this.form) {
    const held = Object.fromEntries(Object.keys(this.inputs).map((name) => [name, { whole: [], parts: [] }]));
    for (const [key, given] of new FormData(form)) {
      const [name, part] = key.split(".");
      if (!held[name] || part === "typed") continue;
      held[name][part ? "parts" : "whole"].push(given instanceof File ? given.name : given);
    }
    return held;
  }

  isChanged(name, since = this.begun) {
    return JSON.stringify(since[name]) !== JSON.stringify(this.now[name]);
  }

  /** Work out anew what hangs on what has changed. */
  look() {
    const before = this.now;
    this.now = this.texts();
    if (!Object.keys(this.inputs).some((name) => this.isChanged(name, before))) return;
    this.turn += 1;
    this.asks = false;
    this.keeps = new Set();
    for (const field of this.told.fields) this.judge(field);
    clearTimeout(this.timer);
    if (this.asks) this.timer = setTimeout(() => this.ask(), PATIENCE_MS);
  }

  judge(field) {
    const place = placeOf(field.name);
    const shown = place ? !place.hidden : true;
    // A field is judged itself by what it keeps, and so are others by it where it is hidden.
    this.keeps.add(field.name);
    const visible = field.visible ? this.holds(field.visible, true) ?? shown : true;
    if (visible) this.keeps.delete(field.name);
    const needed = field.always || (field.required ? this.holds(field.required, false) ?? isDemanded(place) : false);
    this.show(field.name, visible, visible && needed);
  }

  /** Tell whether a condition holds; undefined where only the server knows. */
  holds(condition, otherwise) {
    const found = this.workOut(condition, otherwise);
    if (found === undefined) this.asks = true;
    return found;
  }

  workOut({ tree, fixed }, otherwise) {
    if (!tree || !isKnown(tree) || fixed.some((name) => this.isChanged(name))) return undefined;
    try {
      return evaluate(tree, (name) => this.value(name)) === true;
    } catch (error) {
      if (error instanceof Failed) return otherwise;
      if (error instanceof NotHere) return undefined;
      throw error;
    }
  }

  value(name) {
    const input = this.inputs[name];
    if (this.keeps.has(name)) return valueOf(input.kept, input.kind);
    return this.isChanged(name) ? READ[input.widget](this.now[name].whole, input) : valueOf(input.shown, input.kind);
  }

  async ask() {
    const turn = this.turn;
    const body = new FormData(this.form);
    for (const [name, given] of [...body]) if (given instanceof File) body.delete(name);
    const answer = await fetch(this.told.ask, { method: "POST", body }).catch(() => null);
    if (!answer?.ok || turn !== this.turn) return;
    const { fields } = await answer.json();
    for (const [name, { visible, required }] of Object.entries(fields)) this.show(name, visible, required);
  }

  /** Show or hide a field, and mark it as required or not; where something is wrong, it stays. */
  show(name, visible, required) {
    const place = placeOf(name);
    if (!place) return;
    const hidden = !visible && !place.querySelector(".fs-error");
    const label = place.querySelector(":scope > :is(label, legend)");
    if (place.hidden !== hidden) {
      place.hidden = hidden;
      this.status.textContent = `${(label ?? place).firstChild.textContent.trim()} is ${hidden ? "hidden" : "shown"} now.`;
    }
    demand(place, label, required);
  }
}

const placeOf = (name) => document.getElementById(`f-${name}-field`);
const isDemanded = (place) => Boolean(place?.querySelector(".fs-star"));

function demand(place, label, required) {
  if (required === isDemanded(place) || !label) return;
  const input = document.getElementById(place.id.replace(/-field$/, ""));
  if (!required) {
    input?.removeAttribute("aria-required");
    place.querySelector(".fs-star").remove();
    return;
  }
  const star = document.createElement("span");
  star.className = "fs-star";
  star.setAttribute("aria-hidden", "true");
  star.textContent = "*";
  label.append(star);
  input?.setAttribute("aria-required", "true");
}

export const watch = (form) => new Conditions(form);
