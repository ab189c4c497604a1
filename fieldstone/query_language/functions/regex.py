"""REGEX: whether a text has a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import constant_sql
from fieldstone.query_language.formula.typed import Constant, Failed, Misused, Shape, Typed
from fieldstone.query_language.functions.function import (
    TEXT,
    Category,
    Function,
    Plain,
    Takes,
    check_arguments,
)
from fieldstone.query_language.regular.automaton import Automaton
from fieldstone.query_language.regular.nodes import looks, size
from fieldstone.query_language.regular.read import BadPattern, read_pattern
from fieldstone.query_language.regular.render import render_for_postgresql

_MAX_LOOKED_AT: Final = 10_000
_MAX_WORK: Final = 2_000_000
_SMALL: Final = 20


@dataclass(frozen=True, slots=True)
class _Form:
    """What texts are compared with. longest: how long they may be; None for any length."""

    automaton: Automaton
    pattern: str
    longest: int | None

    @classmethod
    def of(cls, text: str) -> _Form:
        """Read a pattern. Raises BadPattern."""
        node = read_pattern(text)
        longest = _MAX_WORK // size(node)
        if looks(node):
            # Looking ahead from each character takes PostgreSQL the square of the time.
            longest = min(longest, _MAX_LOOKED_AT)
        elif size(node) <= _SMALL:
            return cls(Automaton(node), render_for_postgresql(node), None)
        return cls(Automaton(node), render_for_postgresql(node), longest)


class Regex(Plain):
    r"""Whether a pattern describes all of a text. The pattern stands in quotes.

    It is written as in Java: . [a-z] [^a-z] [a-z&&[^x]] \\d \\w \\s \\p{Lu} \\b, ? * + {2,5},
    ( | ), (?= ), (?! ), and (?i) in front where case does not matter; a backslash in quotes is
    written twice. What is possessive, such as [a-z]++ or (?> ), is always as long, or ends with a
    character that it has nowhere else, as ([a-z]+-)++ does. References to groups, looking behind
    and scripts are not known. A text of more than 10,000 characters fails where the pattern looks
    ahead, and one of more than 2,000 where it is long.
    """

    name = "REGEX"
    category = Category.TEXT
    takes = (Takes("text", TEXT), Takes("pattern", TEXT))
    reads_constants = True
    examples = (
        ("REGEX('12345-6789', '\\\\d{5}(-\\\\d{4})?')", "true"),
        ("REGEX('Ada@crm.example', '(?i)[a-z.]+@([a-z]+\\\\.)+[a-z]{2,}')", "true"),
        ("REGEX('abc', 'ab')", "false"),
        ("REGEX('Éva Łoś', '\\\\p{Lu}\\\\p{L}* [\\\\p{L}&&[^a-z]]+')", "false"),
        ("REGEX('Éva Łoś', '\\\\p{Lu}[\\\\p{L} &&[^0-9]]+')", "true"),
    )

    def __init__(self, pattern: str = "") -> None:
        self._form = _Form.of(pattern)

    def choose(self, arguments: Sequence[Typed]) -> Function:
        check_arguments(self.takes, arguments)
        match arguments[1]:
            case Constant(str() | None as text):
                pass
            case _:
                raise Misused("pattern is not a text in quotes.", place=1)
        try:
            return Regex(text or "")
        except BadPattern as bad:
            raise Misused(f"cannot read the pattern: {bad}", place=1) from None

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def value(self, text: str, _pattern: str) -> Value:
        longest = self._form.longest
        if longest is not None and len(text) > longest:
            raise Failed(f"The text has more than {longest:,} characters.")
        return self._form.automaton.matches(text)

    def sql(self, text: ColumnElement[Any], _pattern: ColumnElement[Any]) -> ColumnElement[Any]:
        return text.regexp_match(constant_sql(self._form.pattern, Kind.TEXT))

    def wrong(
        self, text: ColumnElement[Any], _pattern: ColumnElement[Any]
    ) -> ColumnElement[bool] | None:
        longest = self._form.longest
        return None if longest is None else func.length(text) > constant(longest)
