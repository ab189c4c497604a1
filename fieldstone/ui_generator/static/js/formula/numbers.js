// Functions of numbers. They get values that are all there, the kinds of them, and their own node.
import {
  Decimal, ZERO, absolute, add, clipped, compare, decimal, multiply, negate, quotient, remainder, round, subtract, truncated,
} from "./decimal.js";
import { Failed, NotHere } from "./values.js";

const ARGUMENT_PLACES = 34;
const CLOSE_PLACES = 30;
const PLACES = 24;
const SETTLED_PLACES = 18;
const MOST_PLACES = 5_000;
const MOST_EXPONENT = 10n ** 12n;
const MOST_POWER = 10_000;

const byZero = (divisor) => {
  if (divisor.whole === 0n) throw new Failed("A number was divided by zero.");
};
const to = (how) => ([one, places]) => round(one, clipped(places ?? ZERO, -MOST_PLACES, MOST_PLACES), how);
const whole = (how) => ([one]) => round(round(one, SETTLED_PLACES), 0, how);
const settled = (one) => round(round(one, CLOSE_PLACES), PLACES);

/** Give the whole root of a whole number, by Newton's method. */
function rootOf(number) {
  if (number < 2n) return number;
  let root = 1n << BigInt(Math.ceil(number.toString(2).length / 2));
  for (;;) {
    const next = (root + number / root) / 2n;
    if (next >= root) return root;
    root = next;
  }
}

function squareRoot([given]) {
  const one = round(given, ARGUMENT_PLACES);
  if (one.whole < 0n) throw new Failed("A negative number has no square root.");
  const places = 2 * ARGUMENT_PLACES;
  return settled(new Decimal(rootOf(one.whole * 10n ** BigInt(2 * places - one.places)), places));
}

/** Give a whole power; other powers, and those near the largest, are for the server. */
function power([base, exponent]) {
  const one = round(base, ARGUMENT_PLACES);
  const times = round(exponent, ARGUMENT_PLACES);
  if (compare(absolute(times), new Decimal(MOST_EXPONENT)) > 0) throw new Failed("The exponent is too large.");
  const count = truncated(times);
  const isWhole = compare(times, new Decimal(count)) === 0;
  if (one.whole === 0n) {
    if (times.whole < 0n) throw new Failed("Zero has no negative powers.");
    return times.whole === 0n ? decimal(1) : ZERO;
  }
  if (one.whole < 0n && !isWhole) throw new Failed("A negative number has only whole powers.");
  const size = count < 0n ? -count : count;
  if (!isWhole || size > MOST_POWER) throw new NotHere("a power that is not whole");
  const found = new Decimal(one.whole ** size, one.places * Number(size));
  const result = count < 0n ? inverse(found) : found;
  if (truncated(result).toString().replace("-", "").length > 99) throw new NotHere("a large power");
  return settled(result);
}

function inverse(one) {
  const places = 2 * CLOSE_PLACES;
  const negative = one.whole < 0n;
  const found = 10n ** BigInt(one.places + places) / (negative ? -one.whole : one.whole);
  return new Decimal(negative ? -found : found, places);
}

/** Give a number as the field of a formula has it. */
function fit([one], kinds, { digits, places }) {
  const found = round(one, places);
  if (compare(absolute(found), new Decimal(10n ** BigInt(digits))) >= 0) {
    throw new Failed("The number has more digits than its field.");
  }
  return found;
}

const extreme = (sign) => (numbers) =>
  numbers.reduce((best, one) => (sign * compare(one, best) > 0 ? one : best));

export const NUMBERS = {
  "*": ([one, other]) => multiply(one, other),
  "/": ([one, other]) => { byZero(other); return quotient(one, other); },
  "^": power,
  NEGATIVE: ([one]) => negate(one),
  ABS: ([one]) => absolute(one),
  MOD: ([one, divisor]) => { byZero(divisor); return remainder(one, divisor); },
  MAX: extreme(1), MIN: extreme(-1), SQRT: squareRoot, FIT: fit,
  ROUND: to("halfUp"), TRUNC: to("down"),
  FLOOR: whole("down"), CEILING: whole("up"), MFLOOR: whole("floor"), MCEILING: whole("ceiling"),
  GEOLOCATION: (place) => {
    const most = [90, 180];
    if (place.some((one, n) => compare(absolute(one), decimal(most[n])) > 0)) {
      throw new Failed("There is no such place on the earth.");
    }
    return place;
  },
};
export { add, subtract };
