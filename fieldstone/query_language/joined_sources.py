"""Which sources of some rows are joined: those that conditions, orders and groups look at.

A parent that is only shown is looked up for the rows that are shown, after they were sorted and
cut; joined, it would be looked up for all, and each join doubles PostgreSQL's time to plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from fieldstone.query_language.leaves import leaves
from fieldstone.query_language.plan import (
    Against,
    AggregateRef,
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


def joined_sources(rows: Rows, refs: Iterable[Ref]) -> frozenset[int]:
    """Give the places of the sources that the conditions of rows and other operands look at.

    The parents that lead to a source are among them.
    """
    found: set[int] = {0}
    for ref in (*operands(rows.where), *refs):
        for source in _sources(ref):
            place: int | None = source
            while place is not None and place not in found:
                found.add(place)
                place = rows.sources[place].parent
    return frozenset(found)


def roll_ups_of_all(where: PlanCondition | None, refs: Iterable[Ref]) -> tuple[RolledUp, ...]:
    """Give the roll-ups that are worked out for all records of an object, each once.

    refs: what is worked out for every row that the conditions leave. None where one of those is
    about anything else, which may leave a few rows.
    """
    tested = [list(_roll_ups(ref)) for ref in operands(where)]
    if not all(tested):
        return ()
    found = [one for some in tested for one in some]
    found.extend(one for ref in refs for one in _roll_ups(ref))
    return tuple(dict.fromkeys(found))


def _roll_ups(ref: Ref) -> Iterator[RolledUp]:
    fields = (ref.argument,) if isinstance(ref, AggregateRef) else (ref, *ref.others)
    for one in fields:
        if one is not None:
            yield from (leaf for leaf in leaves(one.computed) if isinstance(leaf, RolledUp))


def refs_of_rows(members: Iterable[Member], order_by: Iterable[SortKey]) -> tuple[Ref, ...]:
    """Give the operands that rows are sorted by, and the fields shown outside a parent's object."""
    return (*(key.left for key in order_by), *_fields(members, 0))


def _fields(members: Iterable[Member], depth: int) -> Iterator[FieldRef]:
    """Yield the fields shown that a row's own tables must give.

    Of a parent's fields, which are looked up, those alone that are calculated from others.
    """
    for _, shown in members:
        if isinstance(shown, FieldRef):
            if not depth or any(leaf.source != shown.source for leaf in leaves(shown.computed)):
                yield shown
        elif isinstance(shown, ParentShown):
            for _, inner in shown.forms:
                yield from _fields(inner, depth + 1)


def _sources(ref: Ref) -> Iterator[int]:
    if isinstance(ref, AggregateRef):
        if ref.argument is not None:
            yield from _sources(ref.argument)
    else:
        for one in (ref, *ref.others):
            if one.computed is None:
                yield one.source
            yield from (leaf.source for leaf in leaves(one.computed))


def operands(condition: PlanCondition | None) -> Iterator[Ref]:
    """Yield the operands of a condition; those within a subquery are the subquery's own."""
    match condition:
        case None | OwnedByTeams() | SharedWith():
            return
        case Test(left) | NullTest(left) | OneOf(left) | Within(left) | Pattern(left):
            yield left
        case Holds(left) | InRows(left):
            yield left
        case Against(left, _, right):
            yield left
            yield right
        case Every(tests) | Some(tests):
            for test in tests:
                yield from operands(test)
        case Negation(test):
            yield from operands(test)
        case _:
            assert_never(condition)
