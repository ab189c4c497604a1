r"""Constants as JSON: texts, numbers, true, false and null as they are, the rest as small objects.

| value | JSON |
| --- | --- |
| `'text'`, `12.50`, `TRUE`, `NULL` | `"text"`, `12.50`, `true`, `null` |
| `2026-03-18` | `{"date": "2026-03-18"}` |
| `2026-03-18T12:00:00Z` | `{"datetime": "2026-03-18T12:00:00Z"}` |
| `THIS_MONTH`, `LAST_N_DAYS:30` | `{"relative_date": "LAST_N_DAYS", "count": 30}` |
| `EUR500` | `{"currency": "EUR", "amount": 500}` |
| `:name` | `{"parameter": "name"}` |
| `'100\%'` outside of LIKE | `{"pattern": "100\\%"}` |
| `Won`, a bare word of a condition on its own | `{"word": "Won"}` |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, assert_never

from lark import Token

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.json_forms.spot import Spot, choice_at, object_at, text_at
from fieldstone.query_language.literals import (
    MAX_DIGITS,
    MAX_EXPONENT,
    MAX_RELATIVE_COUNT,
    value_of,
)
from fieldstone.query_language.parse import parse_condition, parse_query
from fieldstone.query_language.relative_dates import COUNTED_NAMES, PLAIN_NAMES
from fieldstone.query_language.syntax import (
    Bind,
    Boolean,
    Comparison,
    DateTimeValue,
    DateValue,
    Money,
    Null,
    Number,
    RelativeDate,
    Text,
    Value,
    Word,
)

DATE: Final = r"\d{4}-\d\d-\d\d"
DATETIME: Final = rf"{DATE}[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?"
CURRENCY: Final = r"[A-Za-z]{3}"
PATTERN: Final = r"(?:[^\\]|\\[\\%_])*"
"""Backslashes stand before what they make bare, and nowhere else."""

_SIMPLE_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_PATTERN: Final = re.compile(PATTERN, re.DOTALL)
_LARGEST_INT: Final = 2**63


def value_to_json(value: Value) -> Json:
    """Give the JSON of a constant."""
    match value:
        case Text():
            plain = value.value
            found: Json = plain if _escaped(plain) == value.pattern else {"pattern": value.pattern}
        case Null():
            found = None
        case Boolean(known):
            found = known
        case Number(number):
            found = _number_to_json(number)
        case Money(currency, amount):
            found = {"currency": currency, "amount": _number_to_json(amount)}
        case Bind(name):
            found = {"parameter": name}
        case Word(text):
            found = {"word": text}
        case DateValue() | DateTimeValue() | RelativeDate():
            found = _moment_to_json(value)
        case _:
            assert_never(value)
    return found


def _moment_to_json(value: DateValue | DateTimeValue | RelativeDate) -> JsonObject:
    match value:
        case DateValue(day):
            return {"date": day.isoformat()}
        case DateTimeValue(instant):
            return {"datetime": _written(instant)}
        case RelativeDate(name, count):
            return {"relative_date": name, **({} if count is None else {"count": count})}
        case _:
            assert_never(value)


def value_from_json(value: Json, spot: Spot) -> Value:
    """Give the constant that JSON means."""
    match value:
        case None:
            return Null(spot.place)
        case bool():
            return Boolean(value, spot.place)
        case int() | Decimal():
            return Number(_number(value, spot), spot.place)
        case str():
            return Text(_escaped(text_at(value, spot, "A text")), spot.place)
        case Mapping():
            return _from_object(value, spot)
        case _:
            raise spot.wrong("A single value stands here.", f"Known are: {', '.join(VALUE_KEYS)}.")


def pattern_from_json(value: Json, spot: Spot) -> Text:
    r"""Give the text behind LIKE: % and _ stand for any characters, \% and \_ for themselves."""
    text = text_at(value, spot, "A pattern")
    if not _PATTERN.fullmatch(text):
        raise spot.wrong(
            "A backslash stands before what it does not make bare.",
            r"Write \\ for a backslash, \% and \_ for a percent sign and an underline.",
        )
    return Text(text, spot.place)


def parameter_from_json(value: Json, spot: Spot) -> Bind:
    """Give the parameter of a name."""
    name = text_at(value, spot, "A parameter")
    if not _SIMPLE_NAME.fullmatch(name) and not _is_bind(name):
        raise spot.wrong(
            f"{name[:80]!r} is no name of a parameter.", 'Write {"parameter": "from"}.'
        )
    return Bind(name, spot.place)


def _from_object(value: JsonObject, spot: Spot) -> Value:
    for key, (known, read) in _READERS.items():
        if key in value:
            return read(object_at(value, spot, "A value", known), spot)
    object_at(value, spot, "A value", VALUE_KEYS)
    raise spot.wrong("This object is no value.", f"Known are: {', '.join(VALUE_KEYS)}.")


def _date(value: JsonObject, spot: Spot) -> Value:
    return _literal("DATE", DATE, text_at(value["date"], spot.at("date"), "A date"), spot)


def _datetime(value: JsonObject, spot: Spot) -> Value:
    text = text_at(value["datetime"], spot.at("datetime"), "A moment")
    return _literal("DATETIME", DATETIME, text, spot)


def _literal(kind: str, form: str, text: str, spot: Spot) -> Value:
    key = kind.lower()
    if not re.fullmatch(form, text, re.ASCII):
        example = "2026-03-18" if key == "date" else "2026-03-18T12:00:00Z"
        raise spot.at(key).wrong(f"{text[:40]!r} is no {key}.", f'Write "{example}".')
    try:
        found = value_of(Token(kind, text))
    except FieldstoneError as error:
        raise spot.at(key).wrong(error.problem.message, error.problem.hint) from None
    if isinstance(found, DateValue):
        return DateValue(found.value, spot.place)
    assert isinstance(found, DateTimeValue)
    return DateTimeValue(found.value, spot.place)


def _relative(value: JsonObject, spot: Spot) -> Value:
    known = (*PLAIN_NAMES, *COUNTED_NAMES)
    name = choice_at(value["relative_date"], spot.at("relative_date"), "A relative date", known)
    count = value.get("count")
    if name in PLAIN_NAMES:
        if count is not None:
            raise spot.at("count").wrong(f"{name} takes no count.")
        return RelativeDate(name, None, spot.place)
    whole = isinstance(count, int) and not isinstance(count, bool)
    if not whole or not 0 <= int(str(count)) <= MAX_RELATIVE_COUNT:
        message = f"{name} takes a count from 0 to {MAX_RELATIVE_COUNT}."
        raise spot.at("count").wrong(message, f'Write {{"relative_date": "{name}", "count": 3}}.')
    return RelativeDate(name, int(str(count)), spot.place)


def _money(value: JsonObject, spot: Spot) -> Value:
    currency = text_at(value["currency"], spot.at("currency"), "A currency")
    if not re.fullmatch(CURRENCY, currency):
        message = f"{currency[:40]!r} is no code of a currency."
        raise spot.at("currency").wrong(message, 'Write {"currency": "EUR", "amount": 500}.')
    amount = value.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        raise spot.at("amount").wrong("An amount is a number.")
    number = _number(amount, spot.at("amount"))
    code = currency.upper()
    return Money(code, number, f"{code}{number:f}", spot.place)


def _parameter(value: JsonObject, spot: Spot) -> Value:
    return parameter_from_json(value["parameter"], spot.at("parameter"))


def _pattern(value: JsonObject, spot: Spot) -> Value:
    return pattern_from_json(value["pattern"], spot.at("pattern"))


def _word(value: JsonObject, spot: Spot) -> Value:
    text = text_at(value["word"], spot.at("word"), "A word")
    if not _is_word(text):
        raise spot.at("word").wrong(f"{text[:80]!r} is no bare word.", "Write it as a text.")
    return Word(text, spot.place)


Reader = Callable[[JsonObject, Spot], Value]
_READERS: Final[Mapping[str, tuple[tuple[str, ...], Reader]]] = {
    "date": (("date",), _date),
    "datetime": (("datetime",), _datetime),
    "relative_date": (("relative_date", "count"), _relative),
    "currency": (("currency", "amount"), _money),
    "parameter": (("parameter",), _parameter),
    "pattern": (("pattern",), _pattern),
    "word": (("word",), _word),
}
VALUE_KEYS: Final = tuple(_READERS)
"""What tells the objects that are constants from each other."""


@lru_cache(maxsize=1_000)
def _is_word(text: str) -> bool:
    return _right_of(f"x = {text}") == Word(text)


@lru_cache(maxsize=1_000)
def _is_bind(name: str) -> bool:
    """Tell whether a name may stand behind a colon somewhere: of a value, a pattern or a count."""
    if Bind(name) in (_right_of(f"x = :{name}"), _right_of(f"x LIKE :{name}")):
        return True
    try:
        return parse_query(" ".join(("SELECT x FROM x LIMIT", f":{name}"))).limit == Bind(name)
    except FieldstoneError:
        return False


def _right_of(text: str) -> object:
    try:
        read = parse_condition(text)
    except FieldstoneError:
        return None
    return read.right if isinstance(read, Comparison) else None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


def _number_to_json(number: Decimal) -> Json:
    is_whole = number.as_tuple().exponent == 0 and abs(number) < _LARGEST_INT
    return int(number) if is_whole else number


def _number(value: int | Decimal, spot: Spot) -> Decimal:
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise spot.wrong("This is not a number.")
    if len(number.as_tuple().digits) > MAX_DIGITS or abs(exponent) > MAX_EXPONENT:
        raise spot.wrong("The number has too many digits.")
    return number


def _written(instant: datetime) -> str:
    return f"{instant.replace(tzinfo=None).isoformat()}Z"
