"""A typed expression as JSON that a browser works out (ui_generator/static/js/formula).

A node is {"kind", "value"} for a constant, {"kind", "read"} for what the page knows under a name,
{"kind", "fails"} for what has no value, or {"kind", "call", "of"} for a function and its arguments,
with digits and places where the kind is a number. Numbers are texts, lest a float be made of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import assert_never

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.typed import Apply, Constant, Failure, Read, Typed

Node = dict[str, Json]


def browser_form(expression: Typed, read: Callable[[Read], Node]) -> Node:
    """Give an expression as JSON. read: gives the node for what comes from outside."""
    match expression:
        case Constant(value, shape):
            return constant_node(value, shape.kind)
        case Failure(why, shape):
            return {"kind": shape.kind.value, "fails": why}
        case Read():
            return read(expression)
        case Apply(function, arguments, shape):
            parts: list[Json] = [browser_form(part, read) for part in arguments]
            node: Node = {"kind": shape.kind.value, "call": function.name, "of": parts}
            if shape.kind.is_number:
                node |= {"digits": shape.digits, "places": shape.places}
            return node
        case _:
            assert_never(expression)


def constant_node(value: Value, kind: Kind) -> Node:
    """Give the node of a value."""
    return {"kind": kind.value, "value": json_of(value)}


def read_node(name: str, kind: Kind) -> Node:
    """Give the node of what the page knows under a name."""
    return {"kind": kind.value, "read": name}


def json_of(value: Value) -> Json:
    """Give the JSON of a value as browsers read it."""
    match value:
        case tuple():
            return [json_of(one) for one in value]
        case Decimal():
            return str(value)
        case datetime():
            return f"{value.isoformat(timespec='milliseconds')}Z"
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="milliseconds")
        case _:
            return value
