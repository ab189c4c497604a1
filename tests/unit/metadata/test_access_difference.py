"""What a change takes and gives is what asking everybody about every record would find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.access_difference import (
    Class,
    Deciding,
    Difference,
    Reach,
    Sides,
    compare,
)
from fieldstone.metadata.record_access import Grants, Place

PEOPLE = range(101, 107)
NUMBERS = st.frozensets(st.integers(1, 3), max_size=2)
RULES = st.frozensets(st.sampled_from([(1, "a"), (1, "b"), (2, "")]), max_size=2)
SHARED = st.frozensets(st.sampled_from([0, 1, -1, 2, *PEOPLE]), max_size=3)
REACH = st.none() | st.builds(
    Reach,
    is_whole=st.booleans(),
    roles=NUMBERS,
    teams=NUMBERS,
    rules=RULES,
    principals=st.frozensets(st.sampled_from([0, 1, -1, 2]), max_size=2),
)
DECIDING = st.builds(
    Deciding, owner=st.none() | st.sampled_from([*PEOPLE, 200]), rules=RULES, shared=SHARED
)
CLASS = st.builds(Class, DECIDING, DECIDING, st.integers(1, 5)) | st.builds(
    lambda one, records: Class(one, one, records), DECIDING, st.integers(1, 5)
)
PLACE = st.builds(Place, st.none() | st.integers(1, 3), NUMBERS)
PLACES = st.fixed_dictionaries(dict.fromkeys([*PEOPLE, 200], PLACE))


def _sees(reach: Reach | None, user: int, one: Deciding, place: Callable[[int], Place]) -> bool:
    if reach is None or reach.is_whole:
        return reach is not None
    stands = Place() if one.owner is None else place(one.owner)
    return (
        one.owner == user
        or user in one.shared
        or stands.role in reach.roles
        or bool(stands.teams & reach.teams)
        or bool(one.rules & reach.rules)
        or bool(one.shared & reach.principals)
    )


@given(
    reaches=st.fixed_dictionaries(dict.fromkeys(PEOPLE, st.tuples(REACH, REACH))),
    classes=st.lists(CLASS, max_size=5),
    places=st.tuples(PLACES, PLACES),
)
def test_difference_is_that_of_all_people_and_records(
    reaches: dict[int, Sides],
    classes: list[Class],
    places: tuple[dict[int, Place], dict[int, Place]],
) -> None:
    groups: dict[Sides, list[int]] = defaultdict(list)
    for user, sides in reaches.items():
        groups[sides].append(user)
    before, after = (side.__getitem__ for side in places)

    found = compare(groups, classes, (before, after))

    expected = Difference()
    for one in classes:
        lose = {
            user
            for user, (was, now) in reaches.items()
            if _sees(was, user, one.before, before) and not _sees(now, user, one.after, after)
        }
        gain = {
            user
            for user, (was, now) in reaches.items()
            if not _sees(was, user, one.before, before) and _sees(now, user, one.after, after)
        }
        expected.losers |= lose
        expected.gainers |= gain
        expected.lost += one.records if lose else 0
        expected.gained += one.records if gain else 0
    assert found == expected


def test_thousands_of_people_and_classes_are_compared_group_by_group() -> None:
    people = frozenset(range(1_000, 21_000))
    classes = [Class(Deciding(owner), Deciding(owner), 50) for owner in range(1_000, 3_000)]
    found = compare(
        {(Reach(is_whole=True), Reach()): people}, classes, (lambda _: Place(), lambda _: Place())
    )

    assert (len(found.losers), found.lost, found.gainers) == (20_000, 100_000, set())


def test_everything_that_opens_records_is_counted() -> None:
    # Whoever adds a way to open records tells reach_of and access_classes of it, and this test.
    ways = {one.name for one in fields(Grants)}

    assert ways == {"roles", "teams", "criteria", "parent"}
