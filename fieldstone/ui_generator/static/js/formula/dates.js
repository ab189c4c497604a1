// Functions of days, instants and times.
import { absolute, compare, decimal, decimalOf, multiply, quotient, round, truncated } from "./decimal.js";
import {
  DAY_MS, FIRST_DAY, LAST_DAY, dayOf, dayOfInstant, dayOfText, findDay, instantOfText, lastOfMonth, localInstant, partsOf,
  timeOfInstant, timeOfText,
} from "./moments.js";
import { Failed } from "./values.js";

const OUTSIDE = "The date lies outside the years 1700 to 4000.";
const FAR = 10n ** 15n;
const LONGEST = decimalOf("1e12");

/** Give a whole number as one of the language; all that is far away is as far. */
const near = (whole) => Number(whole > FAR ? FAR : whole < -FAR ? -FAR : whole);

function inYears(day) {
  if (day < FIRST_DAY || day > LAST_DAY) throw new Failed(OUTSIDE);
  return day;
}

function instantInYears(instant) {
  inYears(dayOfInstant(instant));
  return instant;
}

const thousandths = (days) => round(multiply(days, decimal(DAY_MS)), 0).whole;

/** Move a day, instant or time on by a number. */
export const MOVED = {
  date: (day, days) => inYears(day + near(truncated(days))),
  datetime: (instant, days) => instantInYears(instant + near(thousandths(days))),
  time: (time, passed) => Number((((BigInt(time) + truncated(passed)) % BigInt(DAY_MS)) + BigInt(DAY_MS)) % BigInt(DAY_MS)),
};

/** Give what lies between two days, instants or times. */
export const BETWEEN = {
  date: (one, other) => decimal(one - other),
  datetime: (one, other) => quotient(decimal(one - other), decimal(DAY_MS)),
  time: (one, other) => decimal((one - other + DAY_MS) % DAY_MS),
};

const written = (read, what) => (text) => {
  if (!text) return null;
  const found = read(text);
  if (found === null) throw new Failed(`The text is not ${what}.`);
  return found;
};
const local = ([instant, zone]) => instantInYears(localInstant(instant, zone));
const as = (forms) => (values, kinds) => forms[kinds[0]](...values);

function makeDate(numbers) {
  const parts = numbers.map((number) => near(truncated(number)));
  const [year, month, day] = parts;
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) throw new Failed("There is no such date.");
  const found = findDay(year, month, day);
  if (found === null) throw new Failed("There is no such date.");
  return inYears(found);
}

function addMonths([moment, months], [kind]) {
  const day = kind === "date" ? moment : dayOfInstant(moment);
  const parts = partsOf(day);
  const passed = parts.year * 12 + parts.month - 1 + near(truncated(months));
  const year = Math.floor(passed / 12);
  const month = passed - year * 12 + 1;
  if (year < 1 || year > 9999) throw new Failed(OUTSIDE);
  const last = lastOfMonth(year, month);
  const isLast = parts.day === lastOfMonth(parts.year, parts.month);
  const moved = inYears(dayOf(year, month, isLast ? last : Math.min(parts.day, last)));
  return kind === "date" ? moved : moved * DAY_MS + timeOfInstant(moment);
}

// Parts of a day, and of an instant where a function takes one.
const part = (find) => ([moment], [kind]) => {
  const day = kind === "date" ? moment : dayOfInstant(moment);
  return decimal(find({ ...partsOf(day), number: day }));
};
const ofYear = ({ number, year }) => number - dayOf(year, 1, 1) + 1;
const weekday = ({ number }) => ((((number + 4) % 7) + 7) % 7) + 1;
const thursday = ({ number }) => {
  const monday = (((number + 3) % 7) + 7) % 7;
  return { number: number - monday + 3, ...partsOf(number - monday + 3) };
};
const ofTime = (unit, count) => ([time]) => decimal(Math.floor(time / unit) % count);

const fiscal = (find) => ([moment, first], [kind]) => {
  const { year, month } = partsOf(kind === "date" ? moment : dayOfInstant(moment));
  const months = year * 12 + month - 1 + ((13 - near(truncated(first))) % 12);
  return decimal(find(Math.floor(months / 12), months % 12));
};

const padded = (number) => String(number).padStart(2, "0");

function showDuration(seconds, withDays) {
  const minutes = padded(Math.floor(seconds / 60) % 60);
  const hours = Math.floor(seconds / 3600);
  const rest = `${minutes}:${padded(seconds % 60)}`;
  return withDays ? `${Math.floor(hours / 24)}:${padded(hours % 24)}:${rest}` : `${padded(hours)}:${rest}`;
}

const DURATION = {
  number: (seconds, withDays) => {
    if (compare(absolute(seconds), LONGEST) >= 0) throw new Failed("The duration is too long.");
    return showDuration(Math.abs(near(truncated(seconds))), withDays);
  },
  datetime: (one, other) => showDuration(Math.floor(Math.abs(other - one) / 1000), true),
  time: (one, other) => showDuration(Math.floor(Math.abs(other - one) / 1000), false),
};

const current = ([moment]) => moment;
const year = part((day) => day.year);
const month = part((day) => day.month);
const dayInMonth = part((day) => day.day);
const dayInWeek = part(weekday);
const dayInYear = part(ofYear);

export const DATES = {
  NOW: current, TODAY: current, TIMENOW: current,
  DATE: makeDate, ADDMONTHS: addMonths,
  DATEVALUE: as({ text: written(dayOfText, "a date such as 2026-01-31"), date: (day) => day, datetime: (...given) => dayOfInstant(local(given)) }),
  DATETIMEVALUE: as({
    text: written(instantOfText, "a date with a time such as 2026-01-31 14:30:00"),
    datetime: (instant) => instant,
    date: (day) => day * DAY_MS,
  }),
  TIMEVALUE: as({ text: written(timeOfText, "a time such as 14:30:00.000"), datetime: timeOfInstant, time: (time) => time }),
  CONVERTTIMEZONE: local,
  DAY_ONLY: ([instant]) => dayOfInstant(instant),
  YEAR: year, CALENDAR_YEAR: year, MONTH: month, CALENDAR_MONTH: month, DAY: dayInMonth, DAY_IN_MONTH: dayInMonth,
  WEEKDAY: dayInWeek, DAY_IN_WEEK: dayInWeek, DAYOFYEAR: dayInYear, DAY_IN_YEAR: dayInYear,
  ISOWEEK: part((day) => Math.floor((ofYear(thursday(day)) - 1) / 7) + 1),
  ISOYEAR: part((day) => thursday(day).year),
  CALENDAR_QUARTER: part((day) => Math.floor((day.month + 2) / 3)),
  WEEK_IN_MONTH: part((day) => Math.floor((day.day - 1) / 7) + 1),
  WEEK_IN_YEAR: part((day) => Math.floor((ofYear(day) - 1) / 7) + 1),
  HOUR_IN_DAY: ([instant]) => decimal(Math.floor(timeOfInstant(instant) / 3_600_000)),
  HOUR: ofTime(3_600_000, 24), MINUTE: ofTime(60_000, 60), SECOND: ofTime(1_000, 60), MILLISECOND: ofTime(1, 1_000),
  FISCAL_YEAR: fiscal((found) => found), FISCAL_MONTH: fiscal((found, of) => of + 1),
  FISCAL_QUARTER: fiscal((found, of) => Math.floor(of / 3) + 1),
  FORMATDURATION: as(DURATION),
  UNIXTIMESTAMP: as({
    datetime: (instant) => decimal(Math.trunc(instant / 1000)),
    date: (day) => decimal(day * 86_400),
    time: (time) => decimal(Math.floor(time / 1000)),
  }),
  FROMUNIXTIME: ([seconds]) => instantInYears(near(truncated(multiply(seconds, decimal(1000))))),
};
