// Exact decimals: a whole number, and how many of its digits stand behind the point. They round as
// the server does; a float is never made of one.
const WRITTEN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const QUOTIENT_PLACES = 24;
const SPARE = 10;

const tens = (count) => 10n ** BigInt(count);
const sizeOf = (whole) => (whole < 0n ? -whole : whole);
const digitsOf = (whole) => sizeOf(whole).toString().length;

export class Decimal {
  constructor(whole, places = 0) {
    this.whole = whole;
    this.places = places;
  }
}

export const decimal = (whole) => new Decimal(BigInt(whole));
export const ZERO = decimal(0);

/** Give the number that a text is written as, as in JSON: -12.5 or 1e3. */
export function decimalOf(text) {
  const found = WRITTEN.exec(text);
  if (!found || !(found[2] || found[3])) throw new TypeError(`${text} is no number`);
  const [, sign, front, behind = "", exponent = "0"] = found;
  const whole = BigInt(`${front}${behind}`) * (sign === "-" ? -1n : 1n);
  const places = behind.length - Number(exponent);
  return places >= 0 ? new Decimal(whole, places) : new Decimal(whole * tens(-places));
}

/** Give both whole numbers at the same number of places. */
function level(one, other) {
  const places = Math.max(one.places, other.places);
  return [one.whole * tens(places - one.places), other.whole * tens(places - other.places), places];
}

export function add(one, other) {
  const [left, right, places] = level(one, other);
  return new Decimal(left + right, places);
}

export const negate = (one) => new Decimal(-one.whole, one.places);
export const subtract = (one, other) => add(one, negate(other));
export const multiply = (one, other) => new Decimal(one.whole * other.whole, one.places + other.places);
export const absolute = (one) => new Decimal(sizeOf(one.whole), one.places);

/** Tell which comes first: below zero, zero or above, as for sorting. */
export function compare(one, other) {
  const [left, right] = level(one, other);
  return left < right ? -1 : Number(left > right);
}

/** Give what remains of a division, with the sign of the first. */
export function remainder(one, divisor) {
  const [left, right, places] = level(one, divisor);
  return new Decimal(left % right, places);
}

// How a number is cut off: of its size, the last digits and whether it is negative, whether it grows.
const GROWS = {
  halfUp: (rest, unit) => 2n * rest >= unit,
  down: () => false,
  up: (rest) => rest > 0n,
  floor: (rest, unit, negative) => rest > 0n && negative,
  ceiling: (rest, unit, negative) => rest > 0n && !negative,
};

/** Give a number of at most so many places; negative places end before the point. */
export function round(one, places, how = "halfUp") {
  if (places >= one.places) return one;
  const unit = tens(one.places - places);
  const size = sizeOf(one.whole);
  const negative = one.whole < 0n;
  const cut = size / unit + (GROWS[how](size % unit, unit, negative) ? 1n : 0n);
  const whole = negative ? -cut : cut;
  return places >= 0 ? new Decimal(whole, places) : new Decimal(whole * tens(-places));
}

/** Give a number as a whole one, without its fraction. */
export const truncated = (one) => round(one, 0, "down").whole;

/** Give a number between two small ones without its fraction, as a number of the language. */
export function clipped(one, least, most) {
  const whole = truncated(one);
  if (whole < BigInt(least)) return least;
  return whole > BigInt(most) ? most : Number(whole);
}

const exponentOf = (one) => digitsOf(one.whole) - 1 - one.places;

/** Round a quotient to so many digits, an exact half to the even one, as the server's division does. */
function toDigits(whole, exact, digits) {
  const spare = digitsOf(whole) - digits;
  const unit = tens(spare);
  const rest = (whole % unit) * 2n;
  const cut = whole / unit;
  const half = rest === unit && exact;
  const grows = half ? cut % 2n === 1n : rest >= unit;
  return [cut + (grows ? 1n : 0n), spare];
}

/** Give a quotient to 24 places; half of the last is rounded away from zero. other: not zero. */
export function quotient(one, other) {
  if (one.whole === 0n) return ZERO;
  const ahead = exponentOf(one) - exponentOf(other);
  const digits = Math.max(ahead, 0) + QUOTIENT_PLACES + SPARE;
  const places = digits - ahead + 2;
  const shift = places - one.places + other.places;
  const above = sizeOf(one.whole) * (shift > 0 ? tens(shift) : 1n);
  const below = sizeOf(other.whole) * (shift < 0 ? tens(-shift) : 1n);
  const [whole, spare] = toDigits(above / below, above % below === 0n, digits);
  const found = spare <= places ? new Decimal(whole, places - spare) : new Decimal(whole * tens(spare - places));
  const negative = (one.whole < 0n) !== (other.whole < 0n);
  return round(negative ? negate(found) : found, QUOTIENT_PLACES);
}

/** Give a number as text: as many places as it needs, and no exponent. */
export function written(one) {
  const digits = sizeOf(one.whole).toString().padStart(one.places + 1, "0");
  const front = digits.slice(0, digits.length - one.places);
  const behind = digits.slice(digits.length - one.places).replace(/0+$/, "");
  return `${one.whole < 0n ? "-" : ""}${front}${behind && `.${behind}`}`;
}
