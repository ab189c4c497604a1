"""Conditions that stand in definitions, such as those of roll-ups and of sharing rules.

Their constants belong to the plan, not to the query that it is a plan of.
"""

from __future__ import annotations

from typing import Protocol

from fieldstone.errors import BadValue
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.query_language.conditions import Conditions
from fieldstone.query_language.errors import BadQuery, NotSupported, TypeMismatch
from fieldstone.query_language.json_form import read_filter
from fieldstone.query_language.lifting import Lifted, lift
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import (
    FieldRef,
    Literal,
    Moment,
    Parameter,
    PlanCondition,
    Ref,
    SourceTable,
    place_of,
)
from fieldstone.query_language.syntax import (
    Aggregate,
    Call,
    Membership,
    Operand,
    Operation,
    Path,
    Query,
    SelectItem,
    Source,
)


class Children(Protocol):
    """What a definition asks of the query over the records that it is about."""

    sources: list[SourceTable]
    as_of: Parameter | None

    def field(self, path: Path) -> FieldRef:
        """Give the field that a path means."""
        ...

    def ref(self, place: int, field: Field) -> FieldRef:
        """Give the reference to a field of a source."""
        ...

    def expression(self, written: Path | Call | Operation, lifted: Lifted) -> FieldRef:
        """Give the value of an expression, as a field. lifted: the query in which it stands."""
        ...

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter of the plan."""
        ...


def resolve_definition(text: str, obj: ObjectDef, children: Children, what: str) -> PlanCondition:
    """Give the condition that a definition puts to records of an object.

    what: whose condition it is, as in "a roll-up". Raises the errors of queries.
    """
    condition = read_filter(text, "")
    query = Query((SelectItem(Path(("id",))),), Source(Path((obj.name,))), where=condition)
    lifted = lift(query, in_expressions=False)
    return Conditions(lifted, _Names(lifted, children, what)).resolve(condition)


class _Names:
    """What operands mean in the condition of a definition; its constants are part of the plan."""

    def __init__(self, lifted: Lifted, children: Children, what: str) -> None:
        self._lifted = lifted
        self._children = children
        self._what = what

    def bind(self, operand: Operand) -> Ref:
        """Give what an operand means."""
        if isinstance(operand, Aggregate):
            message = f"{operand.function} stands where there are no groups."
            raise BadQuery(message, at=operand.span)
        if isinstance(operand, Path):
            return self._children.field(operand)
        return self._children.expression(operand, self._lifted)

    def calculated(self, operand: Operand) -> FieldRef:
        """Give what an operand means as a calculated value."""
        assert not isinstance(operand, Aggregate), "it was refused when it was bound"
        return self._children.expression(operand, self._lifted)

    def rows(self, membership: Membership, query: Query) -> PlanCondition:
        """Refuse a subquery."""
        raise NotSupported(f"The condition of {self._what} takes no subquery.", at=membership.span)

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter of the plan; of a constant, one that knows it."""
        if number is None:
            return self._children.parameter(None, read)
        return self._children.parameter(None, _knowing(self._lifted.literals[number], read))


def _knowing(known: Literal, read: Reader) -> Reader:
    """Give a reader of one literal, whatever query it runs in."""

    def read_known(literal: Literal, moment: Moment) -> object:
        try:
            return read(known, moment)
        except BadValue as error:
            problem = error.problem
            at = place_of(known)
            raise TypeMismatch(problem.message, at=at, hint=problem.hint) from error

    return read_known
