"""The syntax tree of queries: what was written, with a place in the text on every node.

Names are as written: which object, field or option they mean is settled by the resolver. Two trees
are equal when they say the same thing; places do not count. Conditions and expressions are apart:
an expression has a value (a path, a call, a literal), a condition is true or false. Parentheses
leave no trace, for nesting says the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fieldstone.errors import Span

NOWHERE = Span(0, 0, 0)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Operator(StrEnum):
    """Compares an expression with one value."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LIKE = "LIKE"


class ListOperator(StrEnum):
    """Compares an expression with several values."""

    IN = "IN"
    NOT_IN = "NOT IN"
    INCLUDES = "INCLUDES"
    EXCLUDES = "EXCLUDES"


class AggregateFunction(StrEnum):
    """Makes one value of the many rows of a group."""

    COUNT = "COUNT"
    COUNT_DISTINCT = "COUNT_DISTINCT"
    SUM = "SUM"
    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"
    GROUPING = "GROUPING"


class NullsPlace(StrEnum):
    """Where rows without a value stand in an order."""

    FIRST = "FIRST"
    LAST = "LAST"


class Grouping(StrEnum):
    """Which groups a GROUP BY makes: one level, subtotals, or subtotals of every combination."""

    PLAIN = "PLAIN"
    ROLLUP = "ROLLUP"
    CUBE = "CUBE"


@dataclass(frozen=True, slots=True)
class Text:
    r"""A quoted text, kept as a pattern of LIKE: `\%`, `\_`, `\\` stand for bare characters."""

    pattern: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def value(self) -> str:
        """The text itself, for every use but LIKE."""
        return _ESCAPED.sub(r"\1", self.pattern) if "\\" in self.pattern else self.pattern


@dataclass(frozen=True, slots=True)
class Number:
    """A number, exact to the digit."""

    value: Decimal
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency's ISO code, such as USD5000. text: as written."""

    currency: str
    amount: Decimal
    text: str = field(default="", compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Boolean:
    """TRUE or FALSE."""

    value: bool
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Null:
    """The absence of a value."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DateValue:
    """A day of the calendar."""

    value: date
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DateTimeValue:
    """An instant, in UTC whatever zone it was written in."""

    value: datetime
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RelativeDate:
    """A span of days counted from today, such as THIS_MONTH or LAST_N_DAYS:30 (count 30)."""

    name: str
    count: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Bind:
    """A value that comes with the query, by name: `:name`."""

    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word on the right of a comparison, which only conditions outside a query may have."""

    text: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Value = (
    Text | Number | Money | Boolean | Null | DateValue | DateTimeValue | RelativeDate | Bind | Word
)

Instant = DateTimeValue | DateValue | RelativeDate | Text | Bind
"""What AS OF takes; a text says one of the others."""


@dataclass(frozen=True, slots=True)
class Path:
    """A dotted name: a field, a field of a parent (`company.owner.name`), or an object."""

    names: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The path as one writes it."""
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Call:
    """A function over values of one row. name: as written."""

    name: str
    arguments: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function over the rows of a group. arguments: empty for COUNT() alone."""

    function: AggregateFunction
    arguments: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


class Sign(StrEnum):
    """An operator within an expression."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    POWER = "^"
    JOIN = "&"
    EQUAL = "="
    NOT_EQUAL = "<>"
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    AND = "&&"
    OR = "||"
    NOT = "!"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator and what it is put to: one operand for a sign in front, two or more otherwise."""

    sign: Sign
    operands: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Expression = Path | Call | Aggregate | Operation | Value
Operand = Path | Call | Aggregate | Operation


@dataclass(frozen=True, slots=True)
class Comparison:
    """An expression against one value, or against another expression."""

    left: Operand
    operator: Operator
    right: Value | Operand
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """An expression against a list of values, a bound list, or the rows of another query."""

    left: Operand
    operator: ListOperator
    right: tuple[Value, ...] | Bind | Query
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """True where its condition is not."""

    condition: Condition
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class And:
    """True where all its conditions are; two or more."""

    conditions: tuple[Condition, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Or:
    """True where one of its conditions is; two or more."""

    conditions: tuple[Condition, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Condition = Comparison | Membership | Not | And | Or


@dataclass(frozen=True, slots=True)
class SelectItem:
    """An expression to show, under an alias or its own name."""

    expression: Operand
    alias: str | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


FIELD_GROUPS: Final = ("ALL", "STANDARD", "CUSTOM")
"""The kinds of fields that FIELDS shows; every other name is that of a field set."""


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """All fields of a kind, as in FIELDS(ALL), or those of a field set, as in FIELDS('Card')."""

    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TypeBranch:
    """The fields to show when a reference points to a record of one object."""

    object: str
    paths: tuple[Path, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TypeOf:
    """Fields that depend on the object a reference points to. otherwise: empty without ELSE."""

    path: Path
    branches: tuple[TypeBranch, ...]
    otherwise: tuple[Path, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ChildQuery:
    """The records below each row, as a query over a child relation."""

    query: Query
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Item = SelectItem | FieldGroup | TypeOf | ChildQuery


@dataclass(frozen=True, slots=True)
class Source:
    """What is asked: an object, a child relation, or a path from an earlier alias."""

    path: Path
    alias: str | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AccessMode:
    """WITH USER_MODE, SYSTEM_MODE or SECURITY_ENFORCED. Rights hold in any of them."""

    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class CategoryFilter:
    """One data category test: a group, AT, ABOVE, BELOW or ABOVE_OR_BELOW, and categories."""

    group: str
    selector: str
    categories: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DataCategory:
    """WITH DATA CATEGORY: all of its filters hold."""

    filters: tuple[CategoryFilter, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Visibility:
    """WITH RecordVisibilityContext(name = value, …)."""

    settings: tuple[tuple[str, Value], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


With = AccessMode | DataCategory | Visibility


@dataclass(frozen=True, slots=True)
class GroupBy:
    """What rows are grouped by."""

    expressions: tuple[Operand, ...]
    grouping: Grouping = Grouping.PLAIN
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key. nulls: None where the text leaves it to the default."""

    expression: Operand
    descending: bool = False
    nulls: NullsPlace | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query.

    joins: the further entries of FROM. as_of: the instant at which records are looked at, a day
    for its beginning; None for now. purposes: what FOR names (VIEW, REFERENCE, UPDATE).
    updates: what UPDATE names (TRACKING, VIEWSTAT). limit, offset: a number or a bind. per: of
    which expressions each value has the limit for itself; empty for one limit on all rows.
    """

    select: tuple[Item, ...]
    source: Source
    joins: tuple[Source, ...] = ()
    as_of: Instant | None = None
    scope: str | None = None
    where: Condition | None = None
    with_clauses: tuple[With, ...] = ()
    group_by: GroupBy | None = None
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | Bind | None = None
    per: tuple[Operand, ...] = ()
    offset: int | Bind | None = None
    purposes: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    all_rows: bool = False
    distinct: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)
