// Functions of texts. What counts is characters and not the halves of which UTF-16 makes some.
import { ZERO, absolute, clipped, compare, decimal, decimalOf, round, truncated, written } from "./decimal.js";
import { writeDay, writeTime, dayOfInstant, timeOfInstant } from "./moments.js";
import { Failed } from "./values.js";

const MOST = 1_000_000_000;
const MOST_CHARACTERS = 250_000;
const BLANKS = /^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g;
const NUMBER = /^[+-]?(?:[0-9]{1,30}(?:[.][0-9]{0,30})?|[.][0-9]{1,30})(?:[eE][+-]?[0-2]?[0-9])?$/;
const BETWEEN = "\\x01-/:-@\\[-`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf\\xd7\\xf7\\u2000-\\u206f\\u3000-\\u303f";
const WORDS = new RegExp(`([${BETWEEN}]*)([^${BETWEEN}]?)([^${BETWEEN}]*)`, "gu");

const length = (text) => (/[\ud800-\udfff]/.test(text) ? [...text].length : text.length);
const trimmed = (text) => text.replace(BLANKS, "");
const countOf = (number) => clipped(number, 0, MOST);

function limited(text) {
  if (length(text) > MOST_CHARACTERS) throw new Failed("The text has more than 250,000 characters.");
  return text;
}

// Letters change one by one, as on the server; only ß has two capitals.
const changed = (text, change) => [...text].map((letter) => {
  const other = change(letter);
  return length(other) === 1 ? other : letter;
}).join("");
const lowered = (text) => changed(text.replaceAll("\u0130", "i"), (letter) => letter.toLowerCase());
const raised = (text) => changed(text.replaceAll("ß", "SS"), (letter) => letter.toUpperCase());
const isTurkish = (language) => ["tr", "az"].includes((language ?? "").toLowerCase().slice(0, 2));

function filling(text, count, given = " ") {
  if (compare(count, decimal(MOST_CHARACTERS + 1)) >= 0) {
    throw new Failed("The text would have more than 250,000 characters.");
  }
  const missing = countOf(count) - length(text);
  if (missing <= 0 || !text || !given) return "";
  return [...given.repeat(Math.floor(missing / length(given)) + 1)].slice(0, missing).join("");
}

const first = (text, count) => [...text].slice(0, countOf(count)).join("");

function find([search, text, start]) {
  if (!search) return ZERO;
  if (start && (compare(start, decimal(1)) < 0 || compare(start, decimal(MOST)) > 0)) return ZERO;
  const letters = [...text];
  const behind = start ? clipped(start, 1, MOST) - 1 : 0;
  const rest = letters.slice(behind).join("");
  const at = rest.indexOf(search);
  return decimal(at < 0 ? 0 : length(rest.slice(0, at)) + behind + 1);
}

function substitute([text, old, other]) {
  if (!old) return text;
  const count = text.split(old).length - 1;
  if (length(text) + count * (length(other) - length(old)) > MOST_CHARACTERS) {
    throw new Failed("The text would have more than 250,000 characters.");
  }
  return text.replaceAll(old, () => other);
}

function valueOfText([text]) {
  const bare = trimmed(text);
  if (NUMBER.test(bare)) return decimalOf(bare);
  if (bare) throw new Failed("The text is not a number.");
  return null;
}

function character([code]) {
  const number = truncated(code);
  if (number < 1n || number > 0x10ffffn || (number >= 0xd800n && number <= 0xdfffn)) {
    throw new Failed("No character has this number.");
  }
  return String.fromCodePoint(Number(number));
}

const MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

function longId([text]) {
  if (!/^[0-9A-Za-z]{15}$/.test(text)) return text;
  const marks = [0, 5, 10].map((begin) => {
    const letters = [...text.slice(begin, begin + 5)];
    return MARKS[letters.reduce((sum, letter, n) => sum + (/[A-Z]/.test(letter) ? 2 ** n : 0), 0)];
  });
  return text + marks.join("");
}

const IN_HTML = [["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"], ['"', "&quot;"], ["'", "&#39;"]];
const IN_SCRIPT = [
  ["\\", "\\\\"], ["'", "\\'"], ['"', '\\"'], ["/", "\\/"], ["<", "\\u003C"], [">", "\\u003E"],
  ["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"], ["\u2028", "\\u2028"], ["\u2029", "\\u2029"],
];
const encode = (pairs) => ([text]) =>
  pairs.reduce((found, [one, other]) => found.replaceAll(one, () => other), limited(text));

const urlEncode = ([text]) => encodeURIComponent(limited(text))
  .replace(/[!'()~]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
  .replaceAll("%20", "+");

const WITHOUT_PLACES = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" ");
const WITH_THREE = "BHD IQD JOD KWD LYD OMR TND".split(" ");

function formatCurrency([currency, amount]) {
  if (compare(absolute(amount), decimal(10n ** 18n - 1n)) >= 0) throw new Failed("The amount has more than 18 digits.");
  const places = WITHOUT_PLACES.includes(currency) ? 0 : WITH_THREE.includes(currency) ? 3 : 2;
  const found = round(amount, places);
  const [front, behind = ""] = written(absolute(found)).split(".");
  const grouped = front.replace(/\B(?=(\d{3})+$)/g, ",");
  const shown = places ? `${grouped}.${behind.padEnd(places, "0")}` : grouped;
  return `${currency} ${found.whole < 0n ? "-" : ""}${shown}`.replace(/^ +/, "");
}

const TEXT_OF = {
  text: (text) => text,
  number: written,
  date: writeDay,
  datetime: (instant) => `${writeDay(dayOfInstant(instant))} ${writeTime(timeOfInstant(instant), false)}Z`,
  time: (time) => writeTime(time),
  boolean: String,
};

export const TEXTS = {
  "&": (texts) => texts.join(""),
  TEXT: ([value], [kind]) => TEXT_OF[kind](value),
  VALUE: valueOfText,
  ISNUMBER: ([text]) => NUMBER.test(trimmed(text)),
  ISPICKVAL: ([picked, wanted]) => picked === wanted,
  INCLUDES: ([picked, wanted]) => picked.includes(wanted),
  LEN: ([text]) => decimal(length(text)),
  LEFT: ([text, count]) => first(text, count),
  RIGHT: ([text, count]) => [...text].slice(Math.max(length(text) - countOf(count), 0)).join(""),
  MID: ([text, place, count]) => {
    const begin = clipped(place, 1, MOST) - 1;
    return [...text].slice(begin, begin + countOf(count)).join("");
  },
  FIND: find,
  CONTAINS: ([text, search]) => text.includes(search),
  BEGINS: ([text, beginning]) => text.startsWith(beginning),
  SUBSTITUTE: substitute,
  TRIM: ([text]) => trimmed(text),
  LOWER: ([text, language]) => lowered(isTurkish(language) ? text.replaceAll("I", "\u0131") : text),
  UPPER: ([text, language]) => raised(isTurkish(language) ? text.replaceAll("i", "\u0130") : text),
  INITCAP: ([text]) => lowered(text).replace(WORDS, (all, before, letter, rest) => before + raised(letter) + rest),
  LPAD: ([text, count, given]) => filling(text, count, given) + first(text, count),
  RPAD: ([text, count, given]) => first(text, count) + filling(text, count, given),
  REVERSE: ([text]) => [...text].reverse().join(""),
  ASCII: ([text]) => (text ? decimal(text.codePointAt(0)) : null),
  CHR: character,
  CASESAFEID: longId,
  HTMLENCODE: encode(IN_HTML),
  JSENCODE: encode(IN_SCRIPT),
  JSINHTMLENCODE: encode([...IN_HTML, ...IN_SCRIPT]),
  URLENCODE: urlEncode,
  FORMATCURRENCY: formatCurrency,
  IMAGEPROXYURL: ([address]) => address,
  BR: () => "\n",
  GETSESSIONID: () => "",
};
TEXTS.SUBSTR = TEXTS.MID;
