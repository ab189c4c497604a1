"""A plan: a query whose names are bound, ready to become SQL.

A plan is made once for all queries that differ in their values alone. Its parameters know how the
value of a literal (by its number among the literals of the query, see lifting.py) becomes what is
bound in SQL. Access has been applied: what the viewer may not read is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from fieldstone.errors import Span
from fieldstone.ids import ObjectId, RecordId, TenantId
from fieldstone.metadata.catalog import Field, ObjectDef, RollUpFunction
from fieldstone.metadata.record_access import NOWHERE, OPEN, Breadth, Place, RecordAccess
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.typed import Constant, Typed
from fieldstone.query_language.syntax import AggregateFunction, Grouping, Operator, Value

Literal: TypeAlias = Value | tuple[Value, ...] | Constant | int


def place_of(literal: Literal) -> Span | None:
    """Give where a literal stands in the text; None where it is not known."""
    if isinstance(literal, tuple):
        return literal[0].span if literal else None
    return None if isinstance(literal, int | Constant) else literal.span


@dataclass(frozen=True, slots=True)
class Moment:
    """What relative dates and scopes are counted from.

    now: in UTC. zone: the viewer's. fiscal_month: the first month of the fiscal year, from 1.
    organization, tenant: what both are called. profile: whom settings of the viewer's profile hold
    for. role, role_label: what the viewer's role is called. Each is "" without one. access: which
    records the viewer sees. place: where the viewer stands. likenesses: gives what the tokens of
    an encrypted value may have in common.
    """

    now: datetime
    zone: ZoneInfo
    fiscal_month: int = 1
    user_id: RecordId | None = None
    organization: str = ""
    tenant: str = ""
    profile: str = ""
    role: str = ""
    role_label: str = ""
    access: RecordAccess = OPEN
    place: Place = NOWHERE
    likenesses: Callable[[Field, Json], list[str]] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that is bound when the plan runs.

    name: unique in the plan. number: which literal of the query it is made of; None for what
    comes from the moment alone. read: makes what is bound. Raises BadValue.
    """

    name: str
    number: int | None
    read: Callable[[Literal, Moment], object]


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """Which records of an object the viewer may see, or edit: those that one of these opens.

    user: the viewer, who owns them. roles, teams: whose people own them. shares: under which
    numbers shares name the viewer; they open from a level up. criteria: rows that meet a condition,
    the first source of each being the record itself. parent: the reference to the record that
    decides instead, with the rows of it that are open. breadth: how many that is likely to be.
    """

    object: ObjectDef
    level: int
    user: Parameter | None = None
    roles: Parameter | None = None
    teams: Parameter | None = None
    shares: Parameter | None = None
    criteria: tuple[Rows, ...] = ()
    parent: tuple[Field, Rows] | None = None
    breadth: Breadth = Breadth.UNKNOWN

    @property
    def is_own(self) -> bool:
        """Whether nothing but what the viewer owns, and shares of theirs, is open."""
        return self.roles is None and self.teams is None and not self.criteria and not self.parent


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of the statement: the object asked, or a parent that it refers to.

    parent: the place of the source that refers to it; None for the first. user: for the record of
    the viewer, which nothing refers to, the parameter that is its id. guard: which of its records
    the viewer may see; None for all.
    """

    object: ObjectDef
    parent: int | None = None
    reference: Field | None = None
    user: Parameter | None = None
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field of a source.

    exact: whether its JSON is compared although it has a slot. others: the fields of the same
    name and type behind the other objects that a reference may point to; one of all has a value.
    computed: how the value is calculated, of a formula field and of an expression in the query,
    which is a field made for it; what it reads are Leaf, RolledUp and Parameter. masked: whether it
    is shown behind its mask; such a field stands nowhere but among what is shown.
    """

    source: int
    field: Field
    exact: bool = False
    others: tuple[FieldRef, ...] = ()
    computed: Typed | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A stored value that an expression reads. part: of a value with parts, which of them."""

    source: int
    field: Field
    part: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RolledUp:
    """What an expression sums up of the records that point to a row of a source.

    reference: their field that points to it. rows: which of them. argument: what of them; None for
    a count. A query has one instance of each, equal to itself alone.
    """

    source: int
    function: RollUpFunction
    reference: Field
    rows: Rows
    argument: FieldRef | None


@dataclass(frozen=True, slots=True, eq=False)
class LookedUp:
    """What VLOOKUP reads: of the first of some rows whose key has a value, the result."""

    rows: Rows
    key: FieldRef
    result: FieldRef


@dataclass(frozen=True, slots=True)
class AggregateRef:
    """An aggregate over the rows of a group; argument None counts rows."""

    function: AggregateFunction
    argument: FieldRef | None


Ref: TypeAlias = FieldRef | AggregateRef


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison with a value that is not null; != holds for rows without a value."""

    left: Ref
    operator: Operator
    right: Parameter


@dataclass(frozen=True, slots=True)
class Against:
    """A comparison of two operands; no value is the same as no value, and neither more nor less."""

    left: Ref
    operator: Operator
    right: Ref


@dataclass(frozen=True, slots=True)
class NullTest:
    """Whether there is no value."""

    left: Ref


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether the value is one of a bound array."""

    left: Ref
    right: Parameter


@dataclass(frozen=True, slots=True)
class Within:
    """Whether the value is from low up to, not including, high; None leaves a side open."""

    left: Ref
    low: Parameter | None
    high: Parameter | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """LIKE with a bound pattern. begins: whether it says how a text begins, and nothing else."""

    left: Ref
    right: Parameter
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Holds:
    """Whether a set holds all members of a bound one."""

    left: FieldRef
    right: Parameter


@dataclass(frozen=True, slots=True)
class InRows:
    """Whether a query has a row whose value is that of left."""

    left: FieldRef
    right: FieldRef
    rows: Rows


@dataclass(frozen=True, slots=True)
class OwnedByTeams:
    """Whether a record belongs to one of the people of some teams, whose numbers are bound."""

    teams: Parameter


@dataclass(frozen=True, slots=True)
class SharedWith:
    """Whether a record is shared with one of some parties, or goes along with one that is.

    object: whose records they are. principals: the numbers under which shares name the parties.
    """

    object: ObjectId
    principals: Parameter


@dataclass(frozen=True, slots=True)
class Every:
    """True where all are; of none, always."""

    tests: tuple[PlanCondition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """True where one is; of none, never."""

    tests: tuple[PlanCondition, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """True where its condition is not: false or unknown."""

    test: PlanCondition


PlanCondition: TypeAlias = (
    Against
    | Test
    | NullTest
    | OneOf
    | Within
    | Pattern
    | Holds
    | InRows
    | OwnedByTeams
    | SharedWith
    | Every
    | Some
    | Negation
)


@dataclass(frozen=True, slots=True)
class ParentShown:
    """A parent as a JSON object; null where there is none.

    forms: for each object that the reference may point to, its place and what is shown of it.
    """

    forms: tuple[tuple[int, tuple[Member, ...]], ...]


@dataclass(frozen=True, slots=True)
class ChildrenShown:
    """Child records as a JSON array. reference: their field that points to the source."""

    source: int
    reference: FieldRef
    rows: Rows
    members: tuple[Member, ...]
    order_by: tuple[SortKey, ...]
    limit: Parameter | None
    offset: Parameter | None


Shown: TypeAlias = FieldRef | AggregateRef | ParentShown | ChildrenShown
Member: TypeAlias = tuple[str, Shown]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One sort key. nullable: whether rows may lack it."""

    left: Ref
    descending: bool
    nulls_first: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class Top:
    """The first rows of each group, in an order. most: how many."""

    per: tuple[FieldRef, ...]
    order_by: tuple[SortKey, ...]
    most: Parameter


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows: sources joined and filtered. deleted: whether deleted records count as well.

    top: of those, which of each group; None for all. as_of: the instant at which they are looked
    at; None for now.
    """

    tenant_id: TenantId
    sources: tuple[SourceTable, ...]
    where: PlanCondition | None
    deleted: bool = False
    top: Top | None = None
    as_of: Parameter | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A resolved query.

    counts_rows: SELECT COUNT(). grouped: rows are groups; group_by may be empty, for one group.
    parameters: all of them, those of subqueries included. limit, offset: numbers of literals.
    grouping: which subtotals the groups have.
    """

    rows: Rows
    members: tuple[Member, ...]
    parameters: tuple[Parameter, ...]
    order_by: tuple[SortKey, ...] = ()
    group_by: tuple[FieldRef, ...] = ()
    having: PlanCondition | None = None
    grouped: bool = False
    grouping: Grouping = Grouping.PLAIN
    counts_rows: bool = False
    limit: int | None = None
    offset: int | None = None

    @property
    def object(self) -> ObjectDef:
        """The object that is asked."""
        return self.rows.sources[0].object
