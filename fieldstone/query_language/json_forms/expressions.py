"""Expressions as JSON: fields, functions with arguments, operators with operands, and constants.

`UPPER(name) & '!'` is `{"operator": "&", "operands": [{"function": "UPPER", "arguments":
[{"field": "name"}]}, "!"]}`. An aggregate is a function as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.json_forms.spot import (
    Spot,
    choice_at,
    list_at,
    object_at,
    text_at,
)
from fieldstone.query_language.json_forms.values import VALUE_KEYS, value_from_json, value_to_json
from fieldstone.query_language.places import check_places
from fieldstone.query_language.precedence import LISTS, check_expression
from fieldstone.query_language.syntax import (
    Aggregate,
    AggregateFunction,
    Call,
    Expression,
    Money,
    Number,
    Operand,
    Operation,
    Path,
    RelativeDate,
    Sign,
    Word,
)

NAME: Final = r"[A-Za-z_]\w*"
PATH: Final = rf"\$?{NAME}(?:\.{NAME})*"
OUTSIDE_SIGNS: Final = tuple(
    sign.value
    for sign in (Sign.ADD, Sign.SUBTRACT, Sign.MULTIPLY, Sign.DIVIDE, Sign.POWER, Sign.JOIN)
)
"""What stands outside of the parentheses of a function."""

_SIGNS: Final = {**{sign.value: sign for sign in Sign}, "!=": Sign.NOT_EQUAL, "==": Sign.EQUAL}
_BEGIN_NO_PATH: Final = frozenset({"select", "from", "where"})
_AGGREGATES: Final = frozenset(AggregateFunction)
_ALONE: Final = (Money, RelativeDate, Word)
_KEYS: Final = ("field", "function", "operator", *VALUE_KEYS)


def expression_to_json(expression: Expression) -> Json:
    """Give the JSON of an expression."""
    match expression:
        case Path():
            return {"field": expression.text}
        case Call(name, arguments) | Aggregate(name, arguments):
            inner = [expression_to_json(part) for part in arguments]
            return {"function": str(name), "arguments": inner}
        case Operation(sign, operands):
            return {
                "operator": sign.value,
                "operands": [expression_to_json(part) for part in operands],
            }
        case _:
            return value_to_json(expression)


def expression_from_json(value: Json, spot: Spot) -> Expression:
    """Give the expression that JSON means."""
    found = _expression(value, spot, in_call=False)
    check_expression(found)
    return found


def operand_from_json(value: Json, spot: Spot) -> Operand:
    """Give an expression that is more than a constant."""
    found = expression_from_json(value, spot)
    if not isinstance(found, Operand):
        raise spot.wrong(
            "A field, a function or an operation stands here, not a value.",
            'Write {"field": "amount"}.',
        )
    return found


def path_from_json(value: Json, spot: Spot) -> Path:
    """Give the path of a dotted name."""
    text = text_at(value, spot, "A field")
    first = text.partition(".")[0].lower()
    if not re.fullmatch(PATH, text) or first in _BEGIN_NO_PATH:
        message = f"{text[:80]!r} is not the name of a field."
        raise spot.wrong(message, "Names look like amount or company.name.")
    return Path(tuple(text.split(".")), spot.place)


def name_from_json(value: Json, spot: Spot, what: str) -> str:
    """Give a name without points."""
    text = text_at(value, spot, what)
    if not re.fullmatch(NAME, text):
        raise spot.wrong(f"{text[:80]!r} is not a name.", "Names look like total or my_total.")
    return text


def _expression(value: Json, spot: Spot, *, in_call: bool) -> Expression:
    match value:
        case {"field": field}:
            object_at(value, spot, "An expression", ("field",))
            return path_from_json(field, spot.at("field"))
        case {"function": _}:
            return _call(object_at(value, spot, "An expression", ("function", "arguments")), spot)
        case {"operator": _}:
            said = object_at(value, spot, "An expression", ("operator", "operands"))
            return _operation(said, spot, in_call=in_call)
        case Mapping() if not any(key in value for key in VALUE_KEYS):
            object_at(value, spot, "An expression", _KEYS)
    return value_from_json(value, spot)


def _call(value: JsonObject, spot: Spot) -> Call | Aggregate:
    name = name_from_json(value["function"], spot.at("function"), "A function")
    arguments = _parts(value.get("arguments", []), spot.at("arguments"), in_call=True)
    if name.upper() not in _AGGREGATES:
        found = Call(name, arguments, spot.place)
        check_places(found)
        return found
    function = AggregateFunction(name.upper())
    if not arguments and function is not AggregateFunction.COUNT:
        raise spot.wrong(f"{function} stands without a field.")
    return Aggregate(function, arguments, spot.place)


def _operation(value: JsonObject, spot: Spot, *, in_call: bool) -> Expression:
    operands = _parts(value.get("operands", []), spot.at("operands"), in_call=in_call)
    known = _SIGNS if in_call else OUTSIDE_SIGNS
    sign = _SIGNS[choice_at(value["operator"], spot.at("operator"), "An operator", known)]
    if len(operands) == 1:
        return _signed(sign, operands[0], spot)
    if len(operands) < 2 or sign is Sign.NOT:
        raise spot.at("operands").wrong(f"{sign} does not stand between {len(operands)} operands.")
    if len(operands) > 2 and sign not in LISTS:
        message = f"{sign} stands between two operands."
        raise spot.at("operands").wrong(message, "Put an operation within another.")
    return Operation(sign, operands, spot.place)


def _signed(sign: Sign, operand: Expression, spot: Spot) -> Expression:
    """Give an operand with a sign in front of it; a number takes it into itself, as in text."""
    if sign is Sign.ADD:
        return operand
    if sign is Sign.SUBTRACT and isinstance(operand, Number):
        return Number(-operand.value, spot.place)
    if sign not in (Sign.SUBTRACT, Sign.NOT):
        raise spot.at("operands").wrong(f"{sign} stands between two operands.")
    return Operation(sign, (operand,), spot.place)


def _parts(value: Json, spot: Spot, *, in_call: bool) -> tuple[Expression, ...]:
    parts = []
    for number, part in enumerate(list_at(value, spot, spot.pointer.rpartition("/")[2])):
        inner = spot.within(number)
        found = _expression(part, inner, in_call=in_call)
        if isinstance(found, _ALONE):
            raise inner.wrong("This value stands alone behind an operator of a condition.")
        parts.append(found)
    return tuple(parts)
