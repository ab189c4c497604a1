"""Lifting: takes the values out of a query, so that one plan serves all that differ in them alone.

Entry point: `lift(query, params)`. The key holds what may change the SQL: the names as written and
the kind of every value, but no value. Binds are replaced by their values on the way.

Values within expressions are lifted as constants of formulas. Their kind and their digits stand in
the key, since the checker goes by them; functions that go by the value itself keep it there
(`reads_constants`). Equal constants of a query are one, for two expressions are the same only if
their values are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final, TypeAlias, TypeVar

from fieldstone.metadata.names import suggestion
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH
from fieldstone.metadata.values import Json, fold
from fieldstone.query_language.constants import (
    binds_in,
    constant_of,
    is_constant,
    name_of_constant,
    reads_constants,
    with_values,
)
from fieldstone.query_language.errors import MissingParameter, TypeMismatch
from fieldstone.query_language.formula.typed import Constant
from fieldstone.query_language.literals import MAX_COUNT
from fieldstone.query_language.patterns import kind_of_pattern
from fieldstone.query_language.plan import Literal
from fieldstone.query_language.render import Writer, render_value
from fieldstone.query_language.syntax import (
    Bind,
    Boolean,
    Call,
    Comparison,
    DateValue,
    ListOperator,
    Membership,
    Money,
    Null,
    Number,
    Operation,
    Operator,
    Path,
    Query,
    RelativeDate,
    Text,
    Value,
    Word,
)

N = TypeVar("N", Call, Operation)
LiteralReader: TypeAlias = Callable[[Mapping[str, Json]], tuple[Literal, str]]
"""Gives what a parameter stands for, and what of that may change the SQL, in a word."""

Inlined: TypeAlias = Value | Path
SLOT_DIGITS: Final = 15
MAX_LIST: Final = 20_000
_LONGEST_FOLDED: Final = 3
"""How many characters the small letter of a capital has at most."""
_IMPROPER: Final = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Lifted:
    """A query with its values apart.

    key: equal for queries of one shape. literals: the values in the order in which they stand.
    numbers: the place of each in literals, under the identity of its node in query. inlined: what
    stands for a part of an expression, under the same: the value of a bind, which the key holds, or
    the name of a constant that was lifted (see constants.py).
    """

    query: Query
    key: str
    literals: tuple[Literal, ...]
    numbers: Mapping[object, int] = field(repr=False)
    inlined: Mapping[object, Inlined] = field(default_factory=dict, repr=False)

    def number_of(self, node: object) -> int:
        """Give the number of a literal of the query."""
        return self.numbers[id(node)]

    def number_of_clause(self, query: Query, clause: str) -> int | None:
        """Give the number of the literal behind LIMIT or OFFSET; None without the clause."""
        return self.numbers.get((id(query), clause))

    def literal_of(self, node: object) -> Literal:
        """Give the value of a literal of the query; of a bind, what was bound."""
        return self.literals[self.number_of(node)]


def lift(
    query: Query, params: Mapping[str, Json] | None = None, *, in_expressions: bool = True
) -> Lifted:
    """Take the values out of a query. Raises MissingParameter.

    in_expressions: whether those within expressions too, which the key holds otherwise.
    """
    writer = Lifter(params or {}, in_expressions=in_expressions)
    key = writer.query(query)
    return Lifted(query, key, tuple(writer.literals), writer.numbers, writer.inlined)


def kind_of(value: Value) -> str:
    """Give what of a value may change the SQL, in a word."""
    match value:
        case Text() | Word():
            kind = _kind_of_text(text_of(value))
        case Number(number):
            kind = "fine" if len(number.normalize().as_tuple().digits) > SLOT_DIGITS else "number"
        case Money(currency, amount):
            fine = len(amount.normalize().as_tuple().digits) > SLOT_DIGITS
            kind = f"{'fine' if fine else 'number'} {currency}"
        case RelativeDate(name):
            kind = name
        case _:
            kind = type(value).__name__
    return kind


def text_of(value: Text | Word) -> str:
    """Give the text that a value means."""
    return value.value if isinstance(value, Text) else value.text


def _kind_of_text(text: str) -> str:
    if not text or text.isspace():
        return "blank"
    if len(text) * _LONGEST_FOLDED < TEXT_SLOT_LENGTH:
        return "text"
    return "long" if len(fold(text)) >= TEXT_SLOT_LENGTH else "text"


class Lifter(Writer):
    """Writes `?kind` for every value and keeps the value.

    readers: for each literal what reads it out of other parameters; None for one that stands in the
    query. is_steady: whether all that parameters decide is read so; constants of expressions that
    parameters stand in are not.
    """

    def __init__(self, params: Mapping[str, Json], *, in_expressions: bool) -> None:
        self._params = params
        self._in_expressions = in_expressions
        self.literals: list[Literal] = []
        self.numbers: dict[object, int] = {}
        self.inlined: dict[object, Inlined] = {}
        self.readers: list[LiteralReader | None] = []
        self.is_steady = True
        self._constants: dict[Constant, int] = {}
        self._in_call = 0
        self._keeps = False

    def call(self, call: Call) -> str:
        return self._lifted_whole(call) or self._within(call, super().call)

    def operation(self, operation: Operation) -> str:
        return self._lifted_whole(operation) or self._within(operation, super().operation)

    def _within(self, node: N, write: Callable[[N], str]) -> str:
        """Write an expression, whose values are its own."""
        kept = self._keeps
        self._in_call += 1
        self._keeps = not self._in_expressions or reads_constants(node) or is_constant(node)
        try:
            return write(node)
        finally:
            self._in_call -= 1
            self._keeps = kept

    def _lifted_whole(self, node: Call | Operation) -> str | None:
        """Lift an expression that is the same for every record; None for any other."""
        if not self._in_expressions or self._keeps or not is_constant(node):
            return None
        bound: dict[object, Value] = {id(one): self._bound(one) for one in binds_in(node)}
        self.is_steady = self.is_steady and not bound
        known = with_values(node, bound)
        found = constant_of(known)
        return None if found is None else self._constant(node, found)

    def _constant(self, node: object, constant: Constant) -> str:
        number = self._constants.get(constant)
        if number is None:
            number = self._constants[constant] = len(self.literals)
            self._append(constant, None)
        self.inlined[id(node)] = name_of_constant(number)
        shape = constant.shape
        return f"?{shape.kind} {shape.digits}.{shape.places} #{number}"

    def comparison(self, comparison: Comparison) -> str:
        if comparison.operator is not Operator.LIKE:
            return super().comparison(comparison)
        right = comparison.right
        assert isinstance(right, Value), "the grammar takes values alone behind LIKE"
        found, shape = _pattern(right, self._params)
        read = partial(_pattern, right) if isinstance(right, Bind) else None
        self.keep(id(right), found, read)
        return f"{self.expression(comparison.left)} LIKE ?{shape}"

    def membership(self, membership: Membership) -> str:
        right = membership.right
        if isinstance(right, Query):
            return super().membership(membership)
        by_one = membership.operator in (ListOperator.INCLUDES, ListOperator.EXCLUDES)
        values, shape = _list(right, self._params, by_one=by_one)
        is_bound = isinstance(right, Bind) or any(isinstance(value, Bind) for value in right)
        self.keep(id(right), values, partial(_list, right, by_one=by_one) if is_bound else None)
        return f"{self.expression(membership.left)} {membership.operator} {shape}"

    def value(self, value: Value) -> str:
        found = self._bound(value)
        is_bound = isinstance(value, Bind)
        if self._in_call:
            self.is_steady = self.is_steady and not is_bound
            constant = None if self._keeps else constant_of(found)
            if constant is not None:
                return self._constant(value, constant)
            self.inlined[id(value)] = found
            return render_value(found)
        self.keep(id(value), found, partial(_single, value) if is_bound else None)
        return f"?{kind_of(found)}"

    def count(self, query: Query, clause: str) -> str:
        count = query.limit if clause == "LIMIT" else query.offset
        assert count is not None
        self.keep_count((id(query), clause), count)
        return "?"

    def keep_count(self, place: object, count: int | Bind) -> None:
        """Keep the number of rows behind LIMIT or OFFSET. Raises MissingParameter, TypeMismatch."""
        if isinstance(count, Bind):
            self.keep(place, _count(count, self._params)[0], partial(_count, count))
        else:
            self.keep(place, count)

    def keep(self, place: object, literal: Literal, read: LiteralReader | None = None) -> None:
        """Keep the value that stands at a place."""
        assert place not in self.numbers, "one node stands at two places of a query"
        self.numbers[place] = len(self.literals)
        self._append(literal, read)

    def _append(self, literal: Literal, read: LiteralReader | None) -> None:
        self.literals.append(literal)
        self.readers.append(read)

    def _bound(self, value: Value) -> Value:
        return _bound(value, self._params)


def value_of(bind: Bind, params: Mapping[str, Json]) -> Json:
    """Give what a bind stands for. Raises MissingParameter."""
    if bind.name in params:
        return params[bind.name]
    raise MissingParameter(
        f"The parameter {bind.name} has no value.",
        at=bind.span,
        hint=suggestion(bind.name, params) or "Send it in params.",
    )


def _bound(value: Value, params: Mapping[str, Json]) -> Value:
    return value_of_json(value_of(value, params), value) if isinstance(value, Bind) else value


def _single(value: Value, params: Mapping[str, Json]) -> tuple[Literal, str]:
    found = _bound(value, params)
    return found, kind_of(found)


def _pattern(right: Value, params: Mapping[str, Json]) -> tuple[Value, str]:
    found = _bound(right, params)
    if isinstance(right, Bind) and isinstance(found, Text):
        found = Text(str(value_of(right, params)), right.span)
    pattern = found.pattern if isinstance(found, Text) else ""
    return found, f"{kind_of(found)} {kind_of_pattern(pattern)}"


def _list(
    right: Bind | tuple[Value, ...], params: Mapping[str, Json], *, by_one: bool
) -> tuple[tuple[Value, ...], str]:
    if isinstance(right, Bind):
        values = _values_of(right, value_of(right, params))
    else:
        values = tuple(_bound(value, params) for value in right)
    return values, list_shape(values, by_one=by_one)


def _count(bind: Bind, params: Mapping[str, Json]) -> tuple[int, str]:
    number = value_of(bind, params)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MAX_COUNT:
        raise TypeMismatch(f"The parameter {bind.name} is no number of rows.", at=bind.span)
    return number, ""


def list_shape(values: Sequence[Value], *, by_one: bool) -> str:
    """Give what of a list may change the SQL: the kinds in it, or each where it is tested alone."""
    kinds = [kind_of(value) for value in values]
    if by_one or any(is_span(value) for value in values):
        return f"({', '.join(kinds)})"
    return f"({' '.join(sorted(set(kinds)))})"


def is_span(value: Value) -> bool:
    """Tell whether a value may stand for several instants."""
    return isinstance(value, RelativeDate | DateValue)


def value_of_json(json: Json, bind: Bind) -> Value:
    """Give the value that a bound JSON value means. Raises TypeMismatch."""
    match json:
        case None:
            return Null(bind.span)
        case bool():
            return Boolean(json, bind.span)
        case int() | Decimal():
            return _number(Decimal(json), bind)
        case str():
            return _text(json, bind)
        case _:
            raise TypeMismatch(
                f"The parameter {bind.name} is no single value.",
                at=bind.span,
                hint="A list stands behind IN, NOT IN, INCLUDES and EXCLUDES only.",
            )


def _number(number: Decimal, bind: Bind) -> Number:
    if not number.is_finite() or abs(number.adjusted()) > 300:
        raise TypeMismatch(f"The parameter {bind.name} is too large a number.", at=bind.span)
    return Number(number, bind.span)


def _text(text: str, bind: Bind) -> Text:
    if _IMPROPER.search(text):
        raise TypeMismatch(f"The parameter {bind.name} is no proper text.", at=bind.span)
    return Text(text.replace("\\", "\\\\"), bind.span)


def _values_of(bind: Bind, json: Json) -> tuple[Value, ...]:
    if isinstance(json, str) or not isinstance(json, list | tuple):
        return (value_of_json(json, bind),)
    if len(json) > MAX_LIST:
        raise TypeMismatch(
            f"The parameter {bind.name} has {len(json)} values, more than {MAX_LIST}.", at=bind.span
        )
    return tuple(value_of_json(member, bind) for member in json)
