// Days, instants and times as whole numbers, and as people write them. A day is the number of days
// since 1970, an instant that of thousandths of a second, in UTC; a time counts from midnight.
export const DAY_MS = 86_400_000;
const YEAR = "(?:1[7-9][0-9][0-9]|[23][0-9][0-9][0-9]|4000)";
const TIME = "(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:[.][0-9][0-9]?[0-9]?)?";
const DAY_WRITTEN = new RegExp(`^(${YEAR})-([0-9]{1,2})-([0-9]{1,2})$`);
const TIME_WRITTEN = new RegExp(`^${TIME}$`);
const STORED_DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const STORED_TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/;

/** Give the number of a day, whatever its parts: the 32nd of January is the first of February. */
export function dayOf(year, month, day) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return Math.round(date.getTime() / DAY_MS);
}

export function partsOf(day) {
  const date = new Date(day * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

export const FIRST_DAY = dayOf(1700, 1, 1);
export const LAST_DAY = dayOf(4000, 12, 31);

/** Give the day of a year, a month and a day; null if there is none. */
export function findDay(year, month, day) {
  const found = dayOf(year, month, day);
  const parts = partsOf(found);
  return parts.year === year && parts.month === month && parts.day === day ? found : null;
}

export const lastOfMonth = (year, month) => partsOf(dayOf(year, month + 1, 0)).day;

/** Give the day that a formula wrote as a text; null if it is none. */
export function dayOfText(text) {
  const found = DAY_WRITTEN.exec(text);
  return found && Number(found[2]) && Number(found[3]) ? findDay(...found.slice(1, 4).map(Number)) : null;
}

/** Give the time that a formula wrote as a text; null if it is none. */
export function timeOfText(text) {
  if (!TIME_WRITTEN.test(text)) return null;
  const [hour, minute, second] = text.split(":");
  const [whole, part = ""] = second.split(".");
  return ((Number(hour) * 60 + Number(minute)) * 60 + Number(whole)) * 1000 + Number(part.padEnd(3, "0"));
}

/** Give the instant that a formula wrote as a text; null if it is none. */
export function instantOfText(text) {
  const [, day, time] = /^([^ T]*)[ T](.*?)Z?$/s.exec(text) ?? [];
  const [date, moment] = [day === undefined ? null : dayOfText(day), time === undefined ? null : timeOfText(time)];
  return date === null || moment === null ? null : date * DAY_MS + moment;
}

export const dayOfWritten = (text) => dayOf(...STORED_DAY.exec(text).slice(1, 4).map(Number));

export function timeOfWritten(text) {
  const [, hour, minute, second = "0", part = ""] = STORED_TIME.exec(text);
  return ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + Number(part.padEnd(3, "0").slice(0, 3));
}

export function instantOfWritten(text) {
  const [day, time] = text.replace(/Z$/, "").split("T");
  return dayOfWritten(day) * DAY_MS + timeOfWritten(time);
}

const padded = (number, count) => String(number).padStart(count, "0");

export function writeDay(day) {
  const { year, month, day: of } = partsOf(day);
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(of, 2)}`;
}

export function writeTime(time, thousandths = true) {
  const seconds = Math.floor(time / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const text = parts.map((part) => padded(part, 2)).join(":");
  return thousandths ? `${text}.${padded(time % 1000, 3)}` : text;
}

export const dayOfInstant = (instant) => Math.floor(instant / DAY_MS);
export const timeOfInstant = (instant) => instant - dayOfInstant(instant) * DAY_MS;

const clocks = new Map();

/** Give what the clocks of a zone show at an instant. */
export function localInstant(instant, zone) {
  if (!clocks.has(zone)) {
    clocks.set(zone, new Intl.DateTimeFormat("en-US", {
      timeZone: zone, calendar: "iso8601", numberingSystem: "latn", hourCycle: "h23", era: "short",
      year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    }));
  }
  const parts = Object.fromEntries(clocks.get(zone).formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const time = ((parts.hour * 60 + parts.minute) * 60 + parts.second) * 1000;
  return dayOf(parts.year, parts.month, parts.day) * DAY_MS + time + (((instant % 1000) + 1000) % 1000);
}
