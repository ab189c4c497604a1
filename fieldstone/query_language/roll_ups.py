"""Roll-ups bound: which rows a field sums up, and what of them, as part of a plan.

The rows are those that the system sees: a roll-up is the same whoever looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.metadata.catalog import Catalog, ChildRelation, Field, ObjectDef
from fieldstone.query_language.definition_conditions import Children, resolve_definition
from fieldstone.query_language.expressions import made_ref
from fieldstone.query_language.formula.record_scope import FieldPath, shape_of
from fieldstone.query_language.formula.summed import children_summed, field_summed
from fieldstone.query_language.formula.typed import Read
from fieldstone.query_language.operands import told_apart
from fieldstone.query_language.plan import FieldRef, Leaf, PlanCondition, RolledUp, Rows


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
        return resolve_definition(text, self.relation.object, children, "a roll-up")

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
