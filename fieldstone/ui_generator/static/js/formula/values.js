// Values of formulas: texts, Decimals, true and false; days since 1970, instants and times in
// thousandths of a second as numbers; lists of choices; null for none. A text is never null.
import { Decimal, compare, decimalOf } from "./decimal.js";
import { dayOfWritten, instantOfWritten, timeOfWritten } from "./moments.js";

/** What has no value, such as 1 / 0. */
export class Failed extends Error {}

/** What only the server can work out. */
export class NotHere extends Error {}

const TEXTS = new Set(["text", "picklist", "id"]);
const NUMBERS = new Set(["number", "currency", "percent"]);

/** Give the kind under which functions know a value: numbers are one, and so are texts. */
export function familyOf(kind) {
  if (TEXTS.has(kind)) return "text";
  return NUMBERS.has(kind) ? "number" : kind;
}

/** Give what stands for no value of a kind. */
export function blankOf(kind) {
  const family = familyOf(kind);
  if (family === "text") return "";
  if (family === "multi-select picklist") return [];
  return family === "boolean" ? false : null;
}

const READ = {
  number: decimalOf,
  date: dayOfWritten,
  datetime: instantOfWritten,
  time: timeOfWritten,
  geolocation: (pair) => pair.map(decimalOf),
};

/** Give a value out of its JSON, in which numbers are texts. */
export function valueOf(json, kind) {
  if (json === null || json === undefined) return blankOf(kind);
  const read = READ[familyOf(kind)];
  return read ? read(json) : json;
}

export const isBlank = (value) =>
  value === null || value === "" || (Array.isArray(value) && value.length === 0);

export function same(one, other) {
  return one instanceof Decimal && other instanceof Decimal ? compare(one, other) === 0 : one === other;
}

/** Compare texts by their code points, which is not the order of UTF-16. */
export function compareTexts(one, other) {
  const left = [...one];
  const right = [...other];
  const at = left.findIndex((letter, place) => letter !== right[place]);
  if (at < 0) return left.length - right.length;
  return at < right.length ? left[at].codePointAt(0) - right[at].codePointAt(0) : 1;
}

/** Compare two values of one kind that are both there. */
export function compareValues(one, other) {
  if (one instanceof Decimal) return compare(one, other);
  return typeof one === "string" ? compareTexts(one, other) : one - other;
}
