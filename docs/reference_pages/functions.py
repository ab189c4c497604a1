"""The page of functions: what formulas and queries can call, with examples that run as tests."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

from fieldstone.metadata.calculation import Kind
from fieldstone.query_language.functions.function import (
    NUMBER,
    TEXT,
    Category,
    Function,
    Overloaded,
    Takes,
)
from fieldstone.query_language.functions.registry import FUNCTIONS

HEAD: Final = """\
# Functions and operators

What [formulas](../guides/formulas.md) and queries calculate with. Names may be written in any case.
The examples are tests: each holds in memory and in PostgreSQL alike.

Where a value is missing, the result of most functions is missing too: an empty text, false, or no
number. What cannot be worked out, such as a division by zero, fails: the field has no value then,
a rule refuses the record, and `IFERROR` gives something instead.

Functions of rules alone: `ISNEW()` tells whether the record is being made, `ISCHANGED(field)`
whether its field gets another value, `PRIORVALUE(field)` gives the value that it had. `ISCLONE()`
is always false: a copy is a new record.

`VLOOKUP(field to give, field to look in, value)` gives a field of another object's record that has
the value in its name, or in a unique field; no value where none has it. The fields are written
`$ObjectType.Region.Fields.manager`. It stands in formulas of fields, defaults, rules and
conditions, not in queries: [how it works](../guides/formulas.md#fields-that-are-calculated).
"""
_NEGATIVE: Final = "NEGATIVE"


def render() -> str:
    """Give the page: a table of operators, then the functions by category."""
    parts = [HEAD]
    for category in Category:
        members = [one for one in FUNCTIONS.values() if one.category is category]
        if members:
            parts.append(f"## {category}\n")
            parts.extend(_render(one) for one in sorted(members, key=lambda one: one.name))
    return "\n".join(parts)


def _render(function: Function) -> str:
    lines = [f"### {_heading(function)}", "", *_written(function), ""]
    lines += [_first_line(function), ""]
    if examples := list(_examples(function)):
        lines += ["```text", *examples, "```", ""]
    return "\n".join(lines)


def _heading(function: Function) -> str:
    return "Sign of a number" if function.name == _NEGATIVE else f"`{function.name}`"


def _written(function: Function) -> Iterator[str]:
    """Yield how it is written, of functions with several forms each of them."""
    forms = function.forms if isinstance(function, Overloaded) else (function,)
    seen = dict.fromkeys(_signature(form) for form in forms)
    yield " or ".join(f"`{one}`" for one in seen)


def _signature(function: Function) -> str:
    takes = [_parameter(one) for one in function.takes]
    if function.name == _NEGATIVE:
        return f"-{takes[0]}"
    if function.category is Category.OPERATOR or not function.name[0].isalpha():
        return f"{takes[0]} {function.name} {takes[-1]}" if len(takes) > 1 else f"!{takes[0]}"
    return f"{function.name}({', '.join(takes)})"


def _parameter(one: Takes) -> str:
    told = f"{one.name}: {_kinds(one.kinds)}"
    told += ", …" if one.repeats else ""
    return f"[{told}]" if one.optional else told


def _kinds(kinds: frozenset[Kind]) -> str:
    if kinds == frozenset(Kind):
        return "any"
    named = set(kinds)
    for group, name in ((NUMBER, Kind.NUMBER), (TEXT, Kind.TEXT)):
        if kinds >= group:
            named = (named - group) | {name}
    return " or ".join(sorted(str(kind) for kind in named))


def _first_line(function: Function) -> str:
    said = inspect.getdoc(type(function)) or ""
    return said.strip().replace("[", "\\[").replace("*", "\\*").replace("_", "\\_")


def _examples(function: Function) -> Iterator[str]:
    for formula, value in function.examples:
        yield f"{formula}  →  {value}"
