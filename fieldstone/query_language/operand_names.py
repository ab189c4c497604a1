"""What operands mean to conditions and orders: on rows, and on groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, assert_never

from fieldstone.metadata.values import fold
from fieldstone.query_language.constants import names_no_record
from fieldstone.query_language.errors import BadQuery, NotSupported, TypeMismatch
from fieldstone.query_language.of_aggregates import has_aggregates
from fieldstone.query_language.operands import Reader, told_apart
from fieldstone.query_language.plan import (
    AggregateRef,
    FieldRef,
    Parameter,
    PlanCondition,
    Ref,
)
from fieldstone.query_language.render import Writer
from fieldstone.query_language.syntax import (
    Aggregate,
    Call,
    Membership,
    Operand,
    Operation,
    Path,
    Query,
)


class AskedQuery(Protocol):
    """The query in which operands stand."""

    def field(self, path: Path) -> FieldRef:
        """Give the field that a path means."""
        ...

    def expression(self, written: Path | Call | Operation) -> FieldRef:
        """Give the value of an expression, as a field."""
        ...

    def aggregate(self, aggregate: Aggregate) -> AggregateRef:
        """Give what an aggregate means."""
        ...

    def of_aggregates(self, written: Aggregate | Call | Operation) -> FieldRef:
        """Give the value of an expression over aggregates, as a field."""
        ...

    def rows_of(self, membership: Membership, query: Query) -> PlanCondition:
        """Give the test against the rows of a subquery."""
        ...

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter of the plan."""
        ...


def group_key(query: AskedQuery, operand: Path | Call | Operation) -> FieldRef:
    """Give the field that an operand means, as rows are grouped by it."""
    found = query.field(operand) if isinstance(operand, Path) else query.expression(operand)
    return told_apart(found)


class RowNames:
    """What operands mean where rows are tested: in WHERE, and in the order of rows."""

    def __init__(self, query: AskedQuery) -> None:
        self._query = query

    def bind(self, operand: Operand) -> Ref:
        """Give what an operand means."""
        match operand:
            case Path():
                return self._query.field(operand)
            case Aggregate():
                raise BadQuery(
                    f"{operand.function} stands where there are no groups.",
                    at=operand.span,
                    hint="Write the condition behind HAVING.",
                )
            case Call() | Operation():
                return self._query.expression(operand)
            case _:
                assert_never(operand)

    def calculated(self, operand: Operand) -> FieldRef:
        """Give what an operand means as a calculated value."""
        assert not isinstance(operand, Aggregate), "rows have no aggregates"
        return self._query.expression(operand)

    def rows(self, membership: Membership, query: Query) -> PlanCondition:
        """Give the test against the rows of a subquery."""
        return self._query.rows_of(membership, query)

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter of the plan."""
        return self._query.parameter(number, read)


class GroupNames:
    """What operands mean to the order of groups."""

    def __init__(
        self, query: AskedQuery, aliases: Mapping[str, Ref], group_by: tuple[FieldRef, ...]
    ) -> None:
        self._query = query
        self._aliases = {fold(key): ref for key, ref in aliases.items()}
        self._group_by = group_by

    def bind(self, operand: Operand) -> Ref:
        """Give what an operand means; an alias goes before a field."""
        match operand:
            case Path() | Call() | Operation():
                text = Writer().expression(operand)
                if found := self._aliases.get(fold(text)):
                    return found
                if not isinstance(operand, Path) and has_aggregates(operand):
                    return self._query.of_aggregates(operand)
                ref = group_key(self._query, operand)
                if ref not in self._group_by:
                    raise BadQuery(f"{text[:80]} is not grouped.", at=operand.span)
                return ref
            case Aggregate():
                return self._query.aggregate(operand)
            case _:
                assert_never(operand)

    def calculated(self, operand: Operand) -> FieldRef:
        """Refuse what is no number, by which alone groups are compared."""
        raise TypeMismatch(
            "Of groups, aggregates are compared with each other, and with what is no part of them.",
            at=operand.span,
            hint="A condition on what rows are grouped by stands behind WHERE.",
        )

    def rows(self, membership: Membership, query: Query) -> PlanCondition:
        """Refuse a subquery."""
        raise NotSupported("HAVING takes no subquery.", at=membership.span)

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter of the plan."""
        return self._query.parameter(number, read)


class HavingNames(GroupNames):
    """What operands mean where groups are tested: also what is the same for all of them."""

    def bind(self, operand: Operand) -> Ref:
        """Give what an operand means, such as $Setup.Limits.Least or TODAY()."""
        if not isinstance(operand, Aggregate) and names_no_record(operand):
            return self._query.expression(operand)
        return super().bind(operand)

    def calculated(self, operand: Operand) -> FieldRef:
        """Give what an operand means as a calculated value. Raises TypeMismatch."""
        if isinstance(operand, Aggregate):
            return self._query.of_aggregates(operand)
        if names_no_record(operand):
            return self._query.expression(operand)
        if not isinstance(operand, Path) and has_aggregates(operand):
            return self._query.of_aggregates(operand)
        return super().calculated(operand)
