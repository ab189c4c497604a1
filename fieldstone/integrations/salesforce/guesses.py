"""What a field may be that a package uses and does not bring: by how it is used, else by its name.

Packages lean on others that are not here. Their fields are made too, so that formulas work; what
type they have is not told anywhere, and follows from the functions they are put into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fieldstone.metadata.values import JsonObject, fold
from fieldstone.query_language.syntax import (
    Boolean,
    Call,
    Expression,
    Number,
    Operation,
    Path,
    Sign,
    Text,
)

_CALLS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("LEFT", "RIGHT", "MID", "FIND", "CONTAINS", "SUBSTITUTE", "LEN"), "text"),
    **dict.fromkeys(("TRIM", "UPPER", "LOWER", "BEGINS", "HYPERLINK", "IMAGE"), "text"),
    **dict.fromkeys(("REGEX", "LPAD", "RPAD", "VALUE", "URLENCODE"), "text"),
    **dict.fromkeys(("ROUND", "ABS", "CEILING", "FLOOR", "MOD", "SQRT", "EXP"), "number"),
    **dict.fromkeys(("LN", "LOG", "MCEILING", "MFLOOR", "GEOLOCATION"), "number"),
    **dict.fromkeys(("YEAR", "MONTH", "DAY", "WEEKDAY", "ADDMONTHS", "DAYOFYEAR"), "date"),
    **dict.fromkeys(("HOUR", "MINUTE", "SECOND"), "time"),
    **dict.fromkeys(("AND", "OR", "NOT", "IF"), "checkbox"),
    "DISTANCE": "geolocation",
    "DATEVALUE": "datetime",
    "CASESAFEID": "lookup",
    "INCLUDES": "multi_select",
    "ISPICKVAL": "picklist",
    "TEXT": "shown",
    "ISBLANK": "blank",
}
"""What the first argument of a function is; of some functions, every argument."""

_GIVEN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("TODAY", "DATE", "DATEVALUE", "ADDMONTHS"), "date"),
    **dict.fromkeys(("NOW", "DATETIMEVALUE"), "datetime"),
    **dict.fromkeys(("TIMENOW", "TIMEVALUE"), "time"),
    **dict.fromkeys(("TEXT", "LEFT", "RIGHT", "MID", "TRIM", "UPPER", "LOWER", "BR"), "text"),
    **dict.fromkeys(("SUBSTITUTE", "HYPERLINK"), "text"),
    **dict.fromkeys(("VALUE", "LEN", "FIND", "ROUND", "ABS", "MIN", "MAX", "MOD"), "number"),
    **dict.fromkeys(("YEAR", "MONTH", "DAY"), "number"),
    "CASESAFEID": "lookup",
}
_ORDERED: Final = frozenset({Sign.LESS, Sign.LESS_OR_EQUAL, Sign.GREATER, Sign.GREATER_OR_EQUAL})
_COMPARED: Final = _ORDERED | {Sign.EQUAL, Sign.NOT_EQUAL}
_COUNTED: Final = frozenset({Sign.ADD, Sign.SUBTRACT, Sign.MULTIPLY, Sign.DIVIDE, Sign.POWER})
_STRONGEST: Final = (
    *("lookup", "picklist", "multi_select", "geolocation", "datetime", "date", "time"),
    *("checkbox", "number", "text"),
)
_NAMED: Final = (
    (re.compile(r"(^|_)(is|has|can|do_not|exclude|include|active|paid|primary)(_|$)"), "checkbox"),
    (re.compile(r"date(_|$)"), "date"),
    (re.compile(r"amount|total|cost|price|revenue|value$|balance|largest|smallest"), "currency"),
    (re.compile(r"number_?of|count(_|$)|_num$|installments$|days|year|length"), "number"),
    (re.compile(r"percent|rate$"), "percent"),
    (re.compile(r"email"), "email"),
    (re.compile(r"phone|fax"), "phone"),
    (re.compile(r"website|url"), "url"),
    (re.compile(r"type$|status$|method$|stage$|frequency$|period$|reason$"), "picklist"),
    (re.compile(r"description|notes|comments|instructions"), "long_text"),
)
BODIES: Final[Mapping[str, JsonObject]] = {
    "picklist": {"type": "picklist", "restricted": False},
    "multi_select": {"type": "multi_select", "restricted": False},
    "number": {"type": "number", "precision": 18, "places": 2},
    "currency": {"type": "currency", "precision": 18, "places": 2},
    "percent": {"type": "percent", "lowest": None, "highest": None},
}


def uses_in(expression: Expression, inherited: str = "") -> Iterator[tuple[Path, str]]:
    """Yield the paths of a formula, each with what its place says of it; "" for nothing."""
    match expression:
        case Path():
            yield expression, inherited
        case Call():
            yield from _uses_in_call(expression, inherited)
        case Operation(sign, operands):
            said = _operand_kind(sign, operands, inherited)
            for one in operands:
                yield from uses_in(one, said)
        case _:
            return


def _uses_in_call(call: Call, inherited: str) -> Iterator[tuple[Path, str]]:
    name = call.name.upper()
    for number, argument in enumerate(call.arguments):
        said = ""
        if number == 0 or name in ("AND", "OR", "GEOLOCATION"):
            said = _CALLS.get(name, "")
        elif name == "IF" or (name == "CASE" and number % 2 == 0) or name == "BLANKVALUE":
            said = inherited
        if name == "CASE" and number == 0:
            said = given_by(call.arguments[1]) if len(call.arguments) > 1 else ""
        yield from uses_in(argument, said)


def _operand_kind(sign: Sign, operands: tuple[Expression, ...], inherited: str) -> str:
    kinds = {given_by(one) for one in operands} - {""}
    if sign is Sign.JOIN:
        return "text"
    if sign in _COMPARED:
        return next((one for one in _STRONGEST if one in kinds), "")
    if sign in _COUNTED:
        if sign is Sign.ADD and "text" in kinds:
            return "text"
        return "date" if inherited == "date" and not kinds else "number"
    return "checkbox"


def given_by(expression: Expression) -> str:
    """Give what an expression surely gives; "" where that depends on fields."""
    if isinstance(expression, Path):
        return "lookup" if fold(expression.names[-1]) == "id" else ""
    if isinstance(expression, Call):
        return _GIVEN.get(expression.name.upper(), "")
    if isinstance(expression, Operation):
        kinds = {given_by(one) for one in expression.operands}
        counted = expression.sign in _COUNTED
        return next((one for one in ("date", "number") if counted and one in kinds), "")
    return _LITERALS.get(type(expression), "")


_LITERALS: Final = {Text: "text", Number: "number", Boolean: "checkbox"}


def type_guessed(name: str, said: frozenset[str]) -> str:
    """Give the type of a field by what its uses say, else by its name.

    A field that TEXT shows is a picklist, unless it is asked whether it is blank, which picklists
    are not.
    """
    strong = next((one for one in _STRONGEST if one in said), None)
    if strong is not None:
        return strong
    if "shown" in said:
        return "number" if "blank" in said else "picklist"
    bare = fold(name).removesuffix("__c").rpartition("__")[2]
    return next((kind for told, kind in _NAMED if told.search(bare)), "text")
