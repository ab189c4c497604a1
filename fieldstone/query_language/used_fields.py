"""How a plan asks: which fields of which object it compares and sorts by, for advice on indexes.

Values are no part of it. What no index serves is left out: calculated values, patterns that do not
say how a text begins, negations, comparisons of two fields, orders by what a parent holds, and all
that is asked of the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from fieldstone.ids import FieldId, ObjectId
from fieldstone.metadata.record_access import Breadth
from fieldstone.query_language.joined_sources import operands
from fieldstone.query_language.leaves import leaves
from fieldstone.query_language.operands import told_apart
from fieldstone.query_language.plan import (
    Against,
    AggregateRef,
    ChildrenShown,
    Every,
    FieldRef,
    Holds,
    InRows,
    Member,
    Negation,
    NullTest,
    OneOf,
    OwnedByTeams,
    ParentShown,
    Pattern,
    Plan,
    PlanCondition,
    Ref,
    RolledUp,
    Rows,
    SharedWith,
    Some,
    SortKey,
    Test,
    Within,
)
from fieldstone.query_language.syntax import Operator

_MOST: Final = 8
"""So many fields of a kind are told of one object."""


@dataclass(frozen=True, slots=True)
class ObjectUse:
    """How records of one object are asked for; each list in order of number, each field once.

    equal: compared with one value. ranged: with a range, a list or a beginning, or as one of
    several conditions of which one must hold. sorted: by the first sort key, if it is a field.
    """

    object_id: ObjectId
    equal: tuple[FieldId, ...] = ()
    ranged: tuple[FieldId, ...] = ()
    sorted: tuple[FieldId, ...] = ()

    @property
    def fields(self) -> frozenset[FieldId]:
        """All of them."""
        return frozenset((*self.equal, *self.ranged, *self.sorted))


@dataclass(slots=True)
class _Draft:
    equal: set[FieldId] = field(default_factory=set)
    ranged: set[FieldId] = field(default_factory=set)
    sorted: tuple[FieldId, ...] = ()

    def finished(self, object_id: ObjectId) -> ObjectUse:
        """Give what was noted, of each kind no more than the first."""
        ranged = self.ranged - self.equal
        return ObjectUse(object_id, _first(self.equal), _first(ranged), self.sorted)


def used_fields(plan: Plan) -> tuple[ObjectUse, ...]:
    """Give how a plan and its subqueries ask: the object of the query first."""
    return _told(_of_plan(plan))


def used_with_access(plan: Plan) -> tuple[ObjectUse, ...]:
    """Give how a plan asks, with what finds the records that its viewer sees.

    For advice alone: whoever asks is not told by which rules they see a record.
    """
    found, guard = list(_of_plan(plan)), plan.rows.sources[0].guard
    few = guard is not None and guard.breadth in (Breadth.FEW, Breadth.OWNERS)
    if guard is not None and few and found and not plan.grouped:
        owner = (field.id for field in guard.object.fields if field.column == "owner_id")
        found[0] = replace(found[0], equal=_first({*found[0].equal, *owner}))
        for criterion in guard.criteria:
            found.extend(_of_rows(criterion, plan.order_by))
    return _told(found)


def _told(found: Iterable[ObjectUse]) -> tuple[ObjectUse, ...]:
    # No index serves rows that the catalog knows, whose object has no number of a component.
    return tuple(use for use in found if use.fields and use.object_id > 0)


def _of_plan(plan: Plan) -> Iterator[ObjectUse]:
    yield from _of_rows(plan.rows, () if plan.grouped else plan.order_by)
    yield from _of_children(plan.members)
    for ref in (*operands(plan.rows.where), *(key.left for key in plan.order_by)):
        yield from _of_roll_ups(ref)


def equal_fields(rows: Rows) -> tuple[FieldId, ...]:
    """Give the fields of the first source of some rows that are compared with one value."""
    return next((use.equal for use in _of_rows(rows, ())), ())


def _of_rows(rows: Rows, order_by: tuple[SortKey, ...]) -> Iterator[ObjectUse]:
    if rows.as_of is not None:
        return
    drafts = [_Draft() for _ in rows.sources]
    inner = list(_note(drafts, rows.where, certain=True))
    first = order_by[0].left if order_by else None
    if isinstance(first, FieldRef) and first.source == 0 and _is_stored(first):
        drafts[0].sorted = (first.field.id,)
    for source, draft in zip(rows.sources, drafts, strict=True):
        yield draft.finished(source.object.id)
    yield from inner


def _of_children(members: tuple[Member, ...]) -> Iterator[ObjectUse]:
    """Yield how children are asked for that a query shows or sums up: by what points to it."""
    for _, shown in members:
        match shown:
            case ChildrenShown(_, reference, rows, inner, order_by):
                yield from _with_reference(rows, reference, order_by)
                yield from _of_children(inner)
            case ParentShown(forms):
                for _, inner in forms:
                    yield from _of_children(inner)
            case FieldRef() | AggregateRef():
                yield from _of_roll_ups(shown)
            case _:
                assert_never(shown)


def _of_roll_ups(ref: Ref) -> Iterator[ObjectUse]:
    if isinstance(ref, FieldRef):
        for leaf in leaves(ref.computed):
            if isinstance(leaf, RolledUp):
                yield from _with_reference(leaf.rows, FieldRef(0, leaf.reference), ())


def _with_reference(
    rows: Rows, reference: FieldRef, order_by: tuple[SortKey, ...]
) -> Iterator[ObjectUse]:
    if rows.as_of is not None:
        return
    first, *others = _of_rows(rows, order_by)
    if _is_stored(reference) and reference.source == 0:
        equal = _first({*first.equal, reference.field.id})
        first = replace(first, equal=equal)
    yield first
    yield from others


def _note(
    drafts: list[_Draft], condition: PlanCondition | None, *, certain: bool
) -> Iterator[ObjectUse]:
    """Note what a condition compares, and yield how its subqueries ask.

    certain: whether it must hold; one of several alternatives need not.
    """
    match condition:
        case Test() | OneOf() | Within() | Pattern():
            _note_test(drafts, condition, certain=certain)
        case InRows(left, right, rows):
            _put(drafts, _by_slot(left), equal=False)
            yield from _with_reference(rows, _by_slot(right), ())
        case Every(tests):
            for test in tests:
                yield from _note(drafts, test, certain=certain)
        case Some(tests):
            for test in tests:
                yield from _note(drafts, test, certain=False)
        case Negation(InRows(_, right, rows)):
            yield from _with_reference(rows, _by_slot(right), ())
        case OwnedByTeams() | SharedWith():
            return
        case None | Against() | NullTest() | Holds() | Negation():
            return
        case _:
            assert_never(condition)


def _note_test(
    drafts: list[_Draft], test: Test | OneOf | Within | Pattern, *, certain: bool
) -> None:
    match test:
        case Test(left, Operator.EQUAL):
            _put(drafts, left, equal=certain)
        case Test(left, operator) if operator is not Operator.NOT_EQUAL:
            _put(drafts, left, equal=False)
        case OneOf(left) | Within(left) | Pattern(left, _, True):
            _put(drafts, left, equal=False)


def _put(drafts: list[_Draft], ref: Ref, *, equal: bool) -> None:
    if not isinstance(ref, FieldRef):
        return
    for one in (ref, *ref.others):
        if _is_stored(one):
            draft = drafts[one.source]
            (draft.equal if equal else draft.ranged).add(one.field.id)


def _by_slot(ref: FieldRef) -> FieldRef:
    """Give a field as a subquery would compare it if both sides had a slot."""
    return told_apart(replace(ref, exact=False))


def _is_stored(ref: FieldRef) -> bool:
    """Tell whether an index could hold what is compared. The id has one, and needs no other."""
    if ref.computed is not None or ref.exact or ref.field.column == "id":
        return False
    return ref.field.is_system or ref.field.type.slot is not None


def _first(fields: set[FieldId]) -> tuple[FieldId, ...]:
    return tuple(sorted(fields)[:_MOST])
