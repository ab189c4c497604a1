"""A plain reading of the expressions of queries; see naive_queries.py."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import partial
from typing import Any, Final

from fieldstone.clock import zone_named
from fieldstone.query_language.syntax import (
    Boolean,
    Call,
    DateTimeValue,
    DateValue,
    Expression,
    Money,
    Null,
    Number,
    Operation,
    Path,
    Sign,
    Text,
)

Record = dict[str, Any]
ZONE: Final = "America/New_York"
"""Where the viewer is who asks about instants."""

LABELS: Final = {"new": "Fresh", "on_hold": "Waiting", "done": "At an End"}
PERCENTS: Final = frozenset({"probability", "share"})
TRUTHS: Final = frozenset({"done"})
OBJECT: Final = "#"
"""Under this key a record that several references may point to has the name of its object."""


def folded(value: Any) -> Any:
    """Give a value as it is compared: case does not count, and a record is its id."""
    if isinstance(value, dict):
        return value["id"]
    return value.lower() if isinstance(value, str) else value


def constant_of(value: Any) -> Any:
    """Give the value of a constant; an empty text is none."""
    match value:
        case Null():
            return None
        case Text():
            return value.value or None
        case Number() | Boolean() | DateValue():
            return value.value
        case Money():
            return value.amount
        case DateTimeValue():
            return value.value.replace(tzinfo=None)
        case _:
            raise AssertionError(value)


def stored_value(expression: Expression, row: Record) -> Any:
    """Give a field as it is stored, and what an expression gives; None where there is no value."""
    if isinstance(expression, Path):
        return _at(expression, row)
    return _or_none(_worked_out(expression, row))


def share_of(expression: Expression, row: Record) -> Any:
    """Give the value that an expression has against another one: a percent is a share of one."""
    return _or_none(_worked_out(expression, row))


def _or_none(value: Any) -> Any:
    return None if value == "" else value


def _at(path: Path, row: Record | None) -> Any:
    for name in path.names[:-1]:
        row = None if row is None else row[name]
    name = path.names[-1]
    if row is None:
        # A checkbox is never null, not even that of a parent that is missing.
        return False if name in TRUTHS else None
    return row[OBJECT if name == "type" else name]


class NoValue(Exception):
    """What is worked out fails, as a division by zero does."""


def _worked_out(expression: Expression, row: Record) -> Any:
    try:
        return _formula(expression, row)
    except NoValue:
        return None


def _formula(expression: Expression, row: Record) -> Any:
    match expression:
        case Path(names):
            value = _at(expression, row)
            if names[-1] in PERCENTS and value is not None:
                return value / 100
            return "" if value is None and names[-1] in _TEXTS else value
        case Call(name, arguments):
            return _FUNCTIONS[name](*(partial(_formula, one, row) for one in arguments))
        case Operation(sign, operands):
            return operated(sign, [partial(_formula, one, row) for one in operands])
        case Text():
            return expression.value
        case _:
            return constant_of(expression)


_TEXTS: Final = frozenset(
    {*("name", "next_step", "stage", "industry"), *("title", "code", "notes", "kind", "type")}
)
Thunk = Callable[[], Any]


def operated(sign: Sign, operands: Sequence[Thunk]) -> Any:
    """Give the value of an operation. Raises NoValue."""
    if sign is Sign.AND:
        return all(operand() for operand in operands)
    if sign is Sign.OR:
        return any(operand() for operand in operands)
    values = [operand() for operand in operands]
    if sign in _SURE:
        return _SURE[sign](values)
    if sign is Sign.DIVIDE and values[1] == 0:
        raise NoValue
    if None in values:
        return None
    return -values[0] if len(values) == 1 else _arithmetic(sign, *values)


def _in_order(test: Callable[[Any, Any], bool]) -> Callable[[list[Any]], Any]:
    return lambda values: None not in values and test(*values)


_SURE: Final[Mapping[Sign, Callable[[list[Any]], Any]]] = {
    Sign.NOT: lambda values: not values[0],
    Sign.JOIN: "".join,
    Sign.EQUAL: lambda values: values[0] == values[1],
    Sign.NOT_EQUAL: lambda values: values[0] != values[1],
    Sign.LESS: _in_order(operator.lt),
    Sign.LESS_OR_EQUAL: _in_order(operator.le),
    Sign.GREATER: _in_order(operator.gt),
    Sign.GREATER_OR_EQUAL: _in_order(operator.ge),
}
"""Signs that have a value whatever is missing."""


def _arithmetic(sign: Sign, left: Any, right: Any) -> Any:
    if isinstance(left, date):
        days = timedelta(days=int(right))
        return left + days if sign is Sign.ADD else left - days
    if sign is Sign.DIVIDE:
        with localcontext(prec=100):
            return (left / right).quantize(Decimal(1).scaleb(-24), ROUND_HALF_UP)
    return {Sign.ADD: left + right, Sign.SUBTRACT: left - right, Sign.MULTIPLY: left * right}[sign]


def viewers_day(moment: Any) -> Any:
    """Give the day that the viewer's clock shows at an instant; a day stays as it is."""
    return local(moment).date() if isinstance(moment, datetime) else moment


def local(instant: datetime) -> datetime:
    """Give what the viewer's clock shows."""
    return instant.replace(tzinfo=UTC).astimezone(zone_named(ZONE)).replace(tzinfo=None)


def _of(part: Callable[[Any], Any]) -> Callable[[Thunk], Any]:
    """Give a function of a day or an instant; without one it has no value."""

    def found(moment: Thunk) -> Any:
        value = moment()
        shown = None if value is None else part(value)
        return Decimal(shown) if isinstance(shown, int) else shown

    return found


def _distance(one: Thunk, other: Thunk, unit: Thunk) -> Any:
    if (here := one()) is None:
        return None
    (north, east), (up, right) = [(float(a), float(b)) for a, b in (here, other())]
    half = math.pi / 360
    width = math.cos(north * 2 * half) * math.cos(up * 2 * half)
    bow = math.sin((up - north) * half) ** 2 + width * math.sin((right - east) * half) ** 2
    earth = 12742.018 if unit() == "km" else 7917.522
    return round(Decimal(earth * math.asin(math.sqrt(min(bow, 1)))), 6)


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "IF": lambda test, yes, no: yes() if test() else no(),
    "NOT": lambda test: not test(),
    "ISBLANK": lambda value: value() in (None, ""),
    "LEN": lambda text: Decimal(len(text())),
    "LEFT": lambda text, size: text()[: int(size())],
    "UPPER": lambda text: text().upper(),
    "BLANKVALUE": lambda value, other: other() if (found := value()) in (None, "") else found,
    "CALENDAR_YEAR": _of(lambda day: day.year),
    "CALENDAR_MONTH": _of(lambda day: day.month),
    "CALENDAR_QUARTER": _of(lambda day: (day.month + 2) // 3),
    "FISCAL_YEAR": _of(lambda day: day.year),
    "FISCAL_QUARTER": _of(lambda day: (day.month + 2) // 3),
    "DAY_IN_MONTH": _of(lambda day: day.day),
    "DAY_IN_WEEK": _of(lambda day: day.isoweekday() % 7 + 1),
    "DAY_IN_YEAR": _of(lambda day: day.timetuple().tm_yday),
    "WEEK_IN_MONTH": _of(lambda day: (day.day + 6) // 7),
    "WEEK_IN_YEAR": _of(lambda day: (day.timetuple().tm_yday + 6) // 7),
    "HOUR_IN_DAY": _of(lambda moment: moment.hour),
    "DAY_ONLY": _of(lambda moment: moment.date()),
    "convertTimezone": _of(local),
    "DATEVALUE": _of(viewers_day),
    "toLabel": lambda value: LABELS.get(found := value(), found),
    "convertCurrency": lambda value: value(),
    "GEOLOCATION": lambda latitude, longitude: (latitude(), longitude()),
    "DISTANCE": _distance,
}
