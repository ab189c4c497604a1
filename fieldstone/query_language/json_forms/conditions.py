"""Conditions as JSON, which are filters: the same tree that text becomes.

| condition | JSON |
| --- | --- |
| `amount > 1000` | `{"field": "amount", "op": ">", "value": 1000}` |
| `LEN(name) > 3` | `{"expression": {"function": "LEN", …}, "op": ">", "value": 3}` |
| `due < (start)` | `{"field": "due", "op": "<", "value": {"field": "start"}}` |
| `stage IN ('a', 'b')` | `{"field": "stage", "op": "in", "value": ["a", "b"]}` |
| `stage IN :list` | `{"field": "stage", "op": "in", "value": {"parameter": "list"}}` |
| `id IN (SELECT …)` | `{"field": "id", "op": "in", "value": {"query": {"object": …}}}` |
| `a AND b`, `a OR b`, `NOT a` | `{"and": [a, b]}`, `{"or": [a, b]}`, `{"not": a}` |

A function that is true or false may stand alone: `{"expression": {"function": "ISBLANK", …}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.json_forms.expressions import (
    expression_from_json,
    expression_to_json,
    operand_from_json,
    path_from_json,
)
from fieldstone.query_language.json_forms.spot import Spot, choice_at, list_at, object_at
from fieldstone.query_language.json_forms.values import (
    parameter_from_json,
    pattern_from_json,
    value_from_json,
    value_to_json,
)
from fieldstone.query_language.syntax import (
    And,
    Bind,
    Boolean,
    Call,
    Comparison,
    Condition,
    Expression,
    ListOperator,
    Membership,
    Not,
    Operand,
    Operator,
    Or,
    Path,
    Query,
    Text,
    Value,
)

ReadQuery = Callable[[Json, Spot], Query]
WriteQuery = Callable[[Query], JsonObject]
OPERATORS: Final = tuple(operator.lower() for operator in Operator)
LIST_OPERATORS: Final = tuple(operator.lower() for operator in ListOperator)
_KNOWN: Final = ("field", "expression", "op", "value", "and", "or", "not")
_COMPARISON: Final = ("field", "expression", "op", "value")


def condition_to_json(condition: Condition, write_query: WriteQuery) -> JsonObject:
    """Give the JSON of a condition."""
    match condition:
        case Comparison(left, operator, right):
            if operator is Operator.LIKE and isinstance(right, Text):
                value: Json = right.pattern
            else:
                value = expression_to_json(right)
            return {**_left_to_json(left), "op": operator.lower(), "value": value}
        case Membership(left, list_operator, members):
            value = _members_to_json(members, write_query)
            return {**_left_to_json(left), "op": list_operator.lower(), "value": value}
        case Not(inner):
            return {"not": condition_to_json(inner, write_query)}
        case And(parts):
            return {"and": [condition_to_json(part, write_query) for part in parts]}
        case Or(parts):
            return {"or": [condition_to_json(part, write_query) for part in parts]}
        case _:
            assert_never(condition)


def condition_from_json(value: Json, spot: Spot, read_query: ReadQuery) -> Condition:
    """Give the condition that JSON means."""
    said = object_at(value, spot, "A filter", _KNOWN)
    for key, several in (("and", And), ("or", Or)):
        if key in said:
            object_at(said, spot, f"A filter with {key}", (key,))
            parts = _conditions(said[key], spot.at(key), read_query)
            return parts[0] if len(parts) == 1 else several(parts, spot.place)
    if "not" in said:
        object_at(said, spot, "A filter with not", ("not",))
        return Not(condition_from_json(said["not"], spot.within("not"), read_query), spot.place)
    return _test(object_at(said, spot, "A filter", _COMPARISON), spot, read_query)


def _left_to_json(left: Operand) -> JsonObject:
    if isinstance(left, Path):
        return {"field": left.text}
    return {"expression": expression_to_json(left)}


def _members_to_json(members: tuple[Value, ...] | Bind | Query, write_query: WriteQuery) -> Json:
    match members:
        case Query():
            return {"query": write_query(members)}
        case Bind():
            return value_to_json(members)
        case _:
            return [value_to_json(member) for member in members]


def _conditions(value: Json, spot: Spot, read_query: ReadQuery) -> tuple[Condition, ...]:
    parts = []
    for number, part in enumerate(list_at(value, spot, "A list of filters", least=1)):
        parts.append(condition_from_json(part, spot.within(number), read_query))
    return tuple(parts)


def _test(said: JsonObject, spot: Spot, read_query: ReadQuery) -> Comparison | Membership:
    left = _left(said, spot)
    if "op" not in said:
        if isinstance(left, Call) and "value" not in said:
            return Comparison(
                left, Operator.EQUAL, Boolean(value=True, span=spot.place), spot.place
            )
        raise spot.wrong("A filter needs an op.", 'Write {"field": "name", "op": "=", "value": 1}.')
    known = (*OPERATORS, "<>", *LIST_OPERATORS)
    word = choice_at(said["op"], spot.at("op"), "An op", known)
    if "value" not in said:
        raise spot.wrong("A filter needs a value.", 'To find what has none, write "value": null.')
    value, within = said["value"], spot.within("value")
    if word in LIST_OPERATORS:
        members = _members(value, within, read_query)
        return Membership(left, ListOperator(word.upper()), members, spot.place)
    operator = Operator.NOT_EQUAL if word == "<>" else Operator(word.upper())
    if isinstance(value, list | tuple):
        raise within.wrong(f"{word} compares with one value.", "A list stands behind in.")
    if operator is Operator.LIKE:
        return Comparison(left, operator, _like(value, within), spot.place)
    return Comparison(left, operator, _right(expression_from_json(value, within)), spot.place)


def _right(right: Expression) -> Value | Operand:
    return right


def _left(said: JsonObject, spot: Spot) -> Operand:
    if "expression" in said:
        if "field" in said:
            raise spot.wrong("A filter has a field or an expression.", "Leave one of them out.")
        return operand_from_json(said["expression"], spot.within("expression"))
    if "field" not in said:
        hint = 'Write {"field": "name", "op": "=", "value": "Alice"}, {"and": […]} or {"not": …}.'
        raise spot.wrong("A filter names a field.", hint)
    return path_from_json(said["field"], spot.at("field"))


def _like(value: Json, spot: Spot) -> Value:
    return (
        pattern_from_json(value, spot) if isinstance(value, str) else value_from_json(value, spot)
    )


def _members(value: Json, spot: Spot, read_query: ReadQuery) -> tuple[Value, ...] | Bind | Query:
    match value:
        case {"query": query}:
            object_at(value, spot, "A list of records", ("query",))
            return read_query(query, spot.within("query"))
        case {"parameter": name}:
            object_at(value, spot, "A list of values", ("parameter",))
            return parameter_from_json(name, spot.at("parameter"))
        case Mapping():
            raise spot.wrong(
                "A list of values stands here.",
                'Write ["a", "b"], {"parameter": "list"} or {"query": …}.',
            )
        case _:
            members = enumerate(list_at(value, spot, "A list of values", least=1))
            return tuple([value_from_json(one, spot.within(number)) for number, one in members])
