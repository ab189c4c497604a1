// Formulas in the browser: a checked formula, as JSON of the server, and its value. What the server
// gives for the same formula is the same value; where one fails, so does the other. What only the
// server can work out throws NotHere.
import { BETWEEN, DATES, MOVED } from "./dates.js";
import { negate } from "./decimal.js";
import { LOGIC } from "./logic.js";
import { NUMBERS, add, subtract } from "./numbers.js";
import { TEXTS } from "./texts.js";
import { Failed, NotHere, blankOf, familyOf, valueOf } from "./values.js";

function plus([one, other], [left, right]) {
  if (left === "text") return one + other;
  if (left !== "number") return MOVED[left](one, other);
  return right === "number" ? add(one, other) : MOVED[right](other, one);
}

function minus([one, other], [left, right]) {
  if (left === "number") return subtract(one, other);
  return right === "number" ? MOVED[left](one, negate(other)) : BETWEEN[left](one, other);
}

const PLAIN = { "+": plus, "-": minus, ...NUMBERS, ...TEXTS, ...DATES };
const isIn = (functions, name) => Object.hasOwn(functions, name);

/** Give a plain function's value: blank where one of its arguments is null. */
function apply(node, read) {
  const values = node.of.map((part) => evaluate(part, read));
  if (values.includes(null)) return blankOf(node.kind);
  return PLAIN[node.call](values, node.of.map((part) => familyOf(part.kind)), node);
}

/** Give the value of a formula. read: gives the value of a name. Throws Failed and NotHere. */
export function evaluate(node, read) {
  if ("read" in node) return read(node.read, node.kind);
  if ("fails" in node) throw new Failed(node.fails);
  if (!("call" in node)) return valueOf(node.value, node.kind);
  if (isIn(LOGIC, node.call)) return LOGIC[node.call](node.of.map((part) => () => evaluate(part, read)));
  if (isIn(PLAIN, node.call)) return apply(node, read);
  throw new NotHere(node.call);
}

/** Tell whether all functions of a formula are known here. */
export function isKnown(node) {
  if (!("call" in node)) return true;
  return (isIn(LOGIC, node.call) || isIn(PLAIN, node.call)) && node.of.every(isKnown);
}

/** Give the names that a formula reads. */
export function namesIn(node) {
  if ("read" in node) return [node.read];
  return "call" in node ? node.of.flatMap(namesIn) : [];
}
