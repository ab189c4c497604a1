// Logic: functions that work out only the arguments that they need. Each takes them as functions.
import { Failed, compareValues, isBlank, same } from "./values.js";

/** Give what follows from several conditions; a failure beside one that decides does not matter. */
function connect(conditions, deciding) {
  let failed = null;
  for (const condition of conditions) {
    try {
      if (condition() === deciding) return deciding;
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      failed = error;
    }
  }
  if (failed) throw failed;
  return !deciding;
}

const all = (conditions) => connect(conditions, false);
const some = (conditions) => connect(conditions, true);
const not = ([condition]) => !condition();
const or = ([value, instead]) => {
  const found = value();
  return isBlank(found) ? instead() : found;
};
const blank = ([value]) => isBlank(value());
const itself = ([value]) => value();
const never = ([value]) => {
  value();
  return false;
};

const ordered = (test) => ([one, other]) => {
  const [left, right] = [one(), other()];
  return left !== null && right !== null && test(compareValues(left, right));
};

function choose(parts) {
  for (let place = 0; place < parts.length - 1; place += 2) {
    if (parts[place]()) return parts[place + 1]();
  }
  return parts.at(-1)();
}

function inCase([expression, ...parts]) {
  // All values are worked out, so that one that fails does so whatever stands before it.
  const found = expression();
  const values = parts.slice(0, -1).map((part, place) => (place % 2 ? part : part()));
  for (let place = 0; place < values.length; place += 2) {
    if (same(values[place], found)) return values[place + 1]();
  }
  return parts.at(-1)();
}

function ifError([value, instead]) {
  try {
    return value();
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    return instead();
  }
}

export const LOGIC = {
  AND: all, "&&": all, OR: some, "||": some, NOT: not, "!": not,
  IF: choose, IFS: choose, CASE: inCase, IFERROR: ifError,
  ISBLANK: blank, ISNULL: blank, BLANKVALUE: or, NULLVALUE: or,
  "ISNULL OF TEXT": never, "NULLVALUE OF TEXT": itself,
  "=": ([one, other]) => same(one(), other()),
  "<>": ([one, other]) => !same(one(), other()),
  "<": ordered((order) => order < 0), "<=": ordered((order) => order <= 0),
  ">": ordered((order) => order > 0), ">=": ordered((order) => order >= 0),
};
