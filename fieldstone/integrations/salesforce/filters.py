"""Filters, as roll-ups, list views and lookups have them: items with a logic between them.

Each item compares a field with values; the logic names them by their numbers, such as
`(1 AND 2) OR 3`. Written as a condition of the query language, or as a formula.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element

from fieldstone.errors import InvalidInput
from fieldstone.integrations.salesforce.elements import text_of
from fieldstone.integrations.salesforce.own_names import own_name

_TOKEN: Final = re.compile(r"\d+|[()]|AND|OR|NOT", re.IGNORECASE)
_LOGIC: Final = re.compile(r"(?:[\s\d()]|AND|OR|NOT)*", re.IGNORECASE)
"""One way to read each text: alternatives that overlap would be tried in all combinations."""

_LONGEST_LOGIC: Final = 4_000
_LONGEST: Final = 100_000
"""Characters of a whole filter: as many as a query may have."""

_SIGNS: Final = {
    "equals": "=",
    "notEqual": "!=",
    "lessThan": "<",
    "lessOrEqual": "<=",
    "greaterThan": ">",
    "greaterOrEqual": ">=",
}
_NUMBERS: Final = frozenset({"number", "currency", "percent"})
_CHOSEN: Final = frozenset({"multi_select"})
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_TRUE: Final = frozenset({"true", "1", "yes"})
_NEGATIVE: Final = frozenset({"!=", "excludes", "notContain"})
_NEGATIVES: Final = _NEGATIVE | {"notEqual"}
_RELATIVE: Final = re.compile(
    r"(LAST|NEXT|THIS)[_ ](N[_ ])?(DAYS?|WEEKS?|MONTHS?|(FISCAL[_ ])?QUARTERS?|(FISCAL[_ ])?YEARS?"
    r"|90[_ ]DAYS)(:\d+)?|TODAY|YESTERDAY|TOMORROW|(LAST|NEXT) \d+ DAYS"
    r"|N_(DAYS|WEEKS|MONTHS|(FISCAL_)?QUARTERS|(FISCAL_)?YEARS)_AGO:\d+",
    re.IGNORECASE,
)
_WRITTEN_DAYS: Final = ("%m/%d/%Y", "%Y-%m-%d", "%m/%d/%y")
_WRITTEN_TIMES: Final = (
    *("%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"),
    *("%m/%d/%y %I:%M %p", "%Y-%m-%d %H:%M:%S"),
)
_HOURS: Final = ("%I:%M %p", "%H:%M", "%H:%M:%S", "%H:%M:%S.%fZ", "%I:%M:%S %p")
_CURRENCY: Final = re.compile(r"^([A-Z]{3} ?|[$€£¥])(?=[-\d.])")
OF_TYPE: Final = "record type"
"""What is compared is a record type, by its name or by its label."""


class UnreadableFilter(InvalidInput):
    """A filter of a package that cannot be said here."""

    code = "salesforce.unreadable_filter"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One item: a field with the type it has here, how it is compared, and with which texts.

    path: as it is written here. other: the path that it is compared with, instead of values.
    """

    path: str
    type: str
    operation: str
    values: tuple[str, ...]
    other: str = ""


def values_of(item: Element) -> tuple[str, ...]:
    """Give the texts that an item compares with; none where it asks for what is empty.

    Raises UnreadableFilter.
    """
    text = text_of(item, "value")
    # The reader's own limit is the whole process's, and imports raise it.
    if len(text) > _LONGEST:
        raise UnreadableFilter("A value of it is too long.")
    # A value with a comma in it stands in quotes.
    try:
        parts = next(csv.reader([" ".join(text.splitlines())], skipinitialspace=True), [])
    except csv.Error:
        raise UnreadableFilter("A value of it cannot be read.") from None
    return tuple(part.strip() for part in parts if part.strip())


def as_condition(criteria: Sequence[Criterion], logic: str) -> str:
    """Write a filter as a condition of the query language. Raises UnreadableFilter."""
    return _joined([_condition(one) for one in criteria], logic)


def as_formula(criteria: Sequence[Criterion], logic: str) -> str:
    """Write a filter as a formula that is true where it is met. Raises UnreadableFilter."""
    return _joined([_formula(one) for one in criteria], logic, formula=True)


def _joined(parts: Sequence[str], logic: str, *, formula: bool = False) -> str:
    """Put the parts in the places of their numbers; without a logic all of them are met."""
    if not logic.strip():
        if formula:
            return parts[0] if len(parts) == 1 else f"AND({', '.join(parts)})"
        return " AND ".join(parts)
    if len(logic) > _LONGEST_LOGIC or not _LOGIC.fullmatch(logic):
        raise UnreadableFilter(f"The logic {logic[:100]} cannot be read.")
    told: list[str] = []
    numbered = {str(number): f"({part})" for number, part in enumerate(parts, 1)}
    length = 0
    for token in _TOKEN.findall(logic):
        if token.isdigit():
            if token.lstrip("0") not in numbered:
                raise UnreadableFilter(f"The logic {logic[:100]} names an item that is not there.")
            told.append(numbered[token.lstrip("0")])
            length += len(told[-1])
            if length > _LONGEST:
                raise UnreadableFilter(f"The logic {logic[:100]} makes a filter that is too long.")
        elif formula:
            told.append({"AND": "&&", "OR": "||"}.get(token.upper(), token.upper()))
        else:
            told.append(token.upper())
    return " ".join(told)


def _by_name(one: Criterion) -> tuple[Criterion, Criterion]:
    """Give what compares a record type with what it is called, and with its label."""
    names = tuple(own_name(value) for value in one.values)
    told = replace(one, path=f"{one.path}.DeveloperName", type="text", values=names)
    return told, replace(one, path=f"{one.path}.Name", type="text")


def _condition(one: Criterion) -> str:
    if one.other:
        raise UnreadableFilter(f"{one.path} is compared with another field.")
    if one.type == OF_TYPE and one.values:
        word = " AND " if one.operation in _NEGATIVES else " OR "
        return f"({word.join(map(_condition, _by_name(one)))})"
    sign = _SIGNS.get(one.operation, one.operation)
    if not one.values:
        _check_blank(one, sign)
        return f"{one.path} {'!=' if sign in _NEGATIVE else '='} null"
    if one.type in _CHOSEN and sign in ("=", "includes", "!=", "excludes"):
        word = "EXCLUDES" if sign in _NEGATIVE else "INCLUDES"
        return f"{one.path} {word} ({', '.join(map(_quoted, one.values))})"
    parts = [_compared(one, sign, value) for value in one.values]
    if len(parts) == 1:
        return parts[0]
    if sign in ("=", "!=") and all(not _RELATIVE.fullmatch(value) for value in one.values):
        word = "NOT IN" if sign == "!=" else "IN"
        told = ", ".join(_literal(one, value) for value in one.values)
        return f"{one.path} {word} ({told})"
    between = " AND " if sign in _NEGATIVE else " OR "
    return f"({between.join(parts)})"


def _check_blank(one: Criterion, sign: str) -> None:
    """Refuse a comparison without a value, unless it asks for what is empty or is not."""
    if sign not in ("=", "!="):
        raise UnreadableFilter(f"{one.path} is compared by {sign[:40]}, and with no value.")


def _compared(one: Criterion, sign: str, value: str) -> str:
    match sign:
        case "contains" | "includes":
            return f"{one.path} LIKE {_like(value, '%', '%')}"
        case "notContain" | "excludes":
            return f"(NOT {one.path} LIKE {_like(value, '%', '%')})"
        case "startsWith":
            return f"{one.path} LIKE {_like(value, '', '%')}"
        case "=" | "!=" | "<" | "<=" | ">" | ">=":
            if one.type == "long_text":
                like = f"{one.path} LIKE {_like(value)}"
                return like if sign == "=" else f"(NOT {like})"
            return f"{one.path} {sign} {_literal(one, value)}"
        case _:
            raise UnreadableFilter(f"{sign[:40]} is no comparison that is known here.")


def _literal(one: Criterion, value: str) -> str:
    """Write a value as the query language reads it, by the type of the field."""
    if one.type == "checkbox":
        return "true" if value.lower() in _TRUE else "false"
    if one.type in _NUMBERS:
        digits = _CURRENCY.sub("", value.replace(",", "")).removesuffix("%").strip()
        if _NUMBER.fullmatch(digits):
            return digits
        raise UnreadableFilter(f"{value[:40]} is no number.")
    if one.type in ("date", "datetime"):
        return _day(value, of_time=one.type == "datetime")
    if one.type == "time":
        return f"{_read_time(value, _HOURS, 'time of the day'):%H:%M:%S}"
    return _quoted(value)


def _day(value: str, *, of_time: bool = False) -> str:
    if _RELATIVE.fullmatch(value):
        words = re.sub(r"[ ]", "_", value.upper())
        counted = re.fullmatch(r"(LAST|NEXT)_(\d+)_DAYS", words)
        return f"{counted[1]}_N_DAYS:{counted[2]}" if counted else words
    said = _read_time(value, (*_WRITTEN_DAYS, *_WRITTEN_TIMES), "day")
    return f"{said:%Y-%m-%dT%H:%M:%SZ}" if of_time else f"{said:%Y-%m-%d}"


def _read_time(value: str, forms: Iterable[str], noun: str) -> datetime:
    for form in forms:
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007
        except ValueError:
            continue
    raise UnreadableFilter(f"{value[:40]} is no {noun}.")


def _formula(one: Criterion) -> str:
    sign = _SIGNS.get(one.operation, one.operation)
    if one.other:
        if sign not in _SIGNS.values():
            raise UnreadableFilter(f"{sign[:40]} does not compare two fields.")
        return f"{one.path} {sign} {one.other}"
    if one.type == OF_TYPE and one.values:
        word = "AND" if one.operation in _NEGATIVES else "OR"
        return f"{word}({', '.join(map(_formula, _by_name(one)))})"
    if not one.values:
        _check_blank(one, sign)
        blank = f"ISBLANK({one.path})"
        return f"NOT({blank})" if sign in _NEGATIVE else blank
    parts = [_formula_part(one, sign, value) for value in one.values]
    if len(parts) == 1:
        return parts[0]
    return f"{'AND' if sign in _NEGATIVE else 'OR'}({', '.join(parts)})"


def _formula_part(one: Criterion, sign: str, value: str) -> str:
    text = _in_formula(value)
    match sign, one.type:
        case "=" | "!=", "picklist":
            told = f"ISPICKVAL({one.path}, {text})"
        case "=" | "!=" | "includes" | "excludes", "multi_select":
            told = f"INCLUDES({one.path}, {text})"
        case "contains" | "notContain" | "includes" | "excludes", _:
            told = f"CONTAINS({one.path}, {text})"
        case "startsWith", _:
            told = f"BEGINS({one.path}, {text})"
        case _, "date" | "datetime":
            return f"{one.path} {sign} {_day_in_formula(value, of_time=one.type == 'datetime')}"
        case "=" | "!=" | "<" | "<=" | ">" | ">=", kind:
            plain = kind in _NUMBERS or kind == "checkbox"
            return f"{one.path} {sign} {_literal(one, value).upper() if plain else text}"
        case _:
            raise UnreadableFilter(f"{sign[:40]} is no comparison that is known here.")
    return f"NOT({told})" if sign in _NEGATIVE else told


def _day_in_formula(value: str, *, of_time: bool) -> str:
    days = {"TODAY": "TODAY()", "YESTERDAY": "TODAY() - 1", "TOMORROW": "TODAY() + 1"}
    if value.upper() in days:
        day = days[value.upper()]
        return f"DATETIMEVALUE({day})" if of_time else day
    if _RELATIVE.fullmatch(value):
        raise UnreadableFilter(f"{value[:40]} is no single day.")
    said = _day(value, of_time=of_time)
    return f'DATETIMEVALUE("{said[:10]} {said[11:19]}")' if of_time else f'DATEVALUE("{said}")'


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _in_formula(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _like(text: str, before: str = "", after: str = "") -> str:
    """Quote a text in which the signs of LIKE mean themselves, with others around it."""
    escaped = re.sub(r"([%_])", r"\\\1", _quoted(text)[1:-1])
    return f"'{before}{escaped}{after}'"


def filter_items(element: Element, tag: str) -> Iterable[tuple[str, str, tuple[str, ...], str]]:
    """Yield field, operation, values and the other field of each item below an element.

    Raises UnreadableFilter.
    """
    for item in element.iterfind(tag):
        other = text_of(item, "valueField")
        yield text_of(item, "field"), text_of(item, "operation"), values_of(item), other
