"""Roll-ups bound: which rows a field sums up, and what of them, as part of a plan.

The rows are those that the system sees: a roll-up is the same whoever looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fieldstone.errors import BadValue
from fieldstone.metadata.catalog import Catalog, ChildRelation, Field, ObjectDef
from fieldstone.query_language.conditions import Conditions
from fieldstone.query_language.errors import BadQuery, NotSupported, TypeMismatch
from fieldstone.query_language.expressions import made_ref
from fieldstone.query_language.formula.record_scope import FieldPath, shape_of
from fieldstone.query_language.formula.summed import children_summed, field_summed
from fieldstone.query_language.formula.typed import Read
from fieldstone.query_language.json_form import read_filter
from fieldstone.query_language.lifting import Lifted, lift
from fieldstone.query_language.operands import Reader, told_apart
from fieldstone.query_language.plan import (
    FieldRef,
    Leaf,
    Literal,
    Moment,
    Parameter,
    PlanCondition,
    Ref,
    RolledUp,
    Rows,
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
    """What a roll-up asks of the query over its child records."""

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


@dataclass(frozen=True, slots=True)
class RollUpParts:
    """What a roll-up field says, part by part, so that each can be told to be wrong.

    relation: what leads to the child records.
    """

    field: Field
    relation: ChildRelation

    @classmethod
    def of(cls, field: Field, obj: ObjectDef, catalog: Catalog) -> RollUpParts:
        """Find the child records of a roll-up field. Raises UnknownName."""
        assert field.roll_up is not None
        return cls(field, children_summed(field.roll_up, obj, catalog))

    def argument(self, children: Children) -> FieldRef | None:
        """Give what is summed up; None for a count. Raises UnknownName, WrongArguments."""
        assert self.field.roll_up is not None
        found = field_summed(self.field.roll_up, self.relation.object)
        if found is None or found.is_calculated:
            return None if found is None else children.ref(0, found)
        ref = FieldRef(0, found)
        if found.slot is not None and told_apart(ref) is ref:
            return ref
        return made_ref(0, found, Read(Leaf(0, found), shape_of(FieldPath((), found))))

    def where(self, children: Children) -> PlanCondition | None:
        """Give the condition that child records meet. Raises the errors of queries."""
        assert self.field.roll_up is not None
        text = self.field.roll_up.where
        if text is None:
            return None
        condition = read_filter(text, "")
        asked = Source(Path((self.relation.object.name,)))
        query = Query((SelectItem(Path(("id",))),), asked, where=condition)
        # The constants of a definition belong to the plan, not to the query that asks for it.
        lifted = lift(query, in_expressions=False)
        return Conditions(lifted, _Names(lifted, children)).resolve(condition)

    def bind(self, place: int, children: Children, catalog: Catalog) -> RolledUp:
        """Give the whole as part of a plan. place: of the source whose children are meant."""
        assert self.field.roll_up is not None
        argument, where = self.argument(children), self.where(children)
        return RolledUp(
            source=place,
            function=self.field.roll_up.function,
            reference=self.relation.field,
            rows=Rows(catalog.tenant_id, tuple(children.sources), where, as_of=children.as_of),
            argument=argument,
        )


class _Names:
    """What operands mean in the condition of a roll-up; its constants are part of the plan."""

    def __init__(self, lifted: Lifted, children: Children) -> None:
        self._lifted = lifted
        self._children = children

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
        raise NotSupported("The condition of a roll-up takes no subquery.", at=membership.span)

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
