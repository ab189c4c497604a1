"""Which territory takes a record."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fieldstone.ids import ObjectId
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.territories import TerritoryRule
from fieldstone.runtime.access.placing import Candidate, place


def _rule(number: int, territory: int) -> TerritoryRule:
    return TerritoryRule(number, f"r{number}", f"r{number}", ObjectId(1), territory, "", Level.EDIT)


NORTH, SOUTH = 1, 2
RULES: Sequence[TerritoryRule] = (_rule(10, NORTH), _rule(11, SOUTH))


def _taken(found: dict[int, TerritoryRule | None]) -> dict[int, int | None]:
    return {one: None if rule is None else rule.territory for one, rule in found.items()}


def test_the_first_rule_that_is_met_takes_a_record() -> None:
    found = place([Candidate(1, (True, True)), Candidate(2, (False, True))], RULES, {})
    assert _taken(found) == {1: NORTH, 2: SOUTH}


def test_what_meets_no_rule_is_taken_by_none() -> None:
    assert _taken(place([Candidate(1, (False, False), held=NORTH)], RULES, {})) == {1: None}


def test_a_full_territory_leaves_records_to_the_next_rule() -> None:
    both = [Candidate(1, (True, True)), Candidate(2, (True, True)), Candidate(3, (True, False))]
    assert _taken(place(both, RULES, {NORTH: 1})) == {1: NORTH, 2: SOUTH, 3: None}


def test_a_record_keeps_its_place_before_others_get_one() -> None:
    both = [Candidate(1, (True, True)), Candidate(2, (True, True), held=NORTH)]
    assert _taken(place(both, RULES, {NORTH: 0})) == {1: SOUTH, 2: NORTH}


def test_what_was_given_by_hand_is_no_matter_of_rules() -> None:
    assert _taken(place([Candidate(1, (True, True), pinned=True)], RULES, {})) == {1: None}


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from([None, NORTH])), max_size=20),
    st.integers(0, 10),
)
def test_no_territory_takes_more_than_it_has_room_for(
    some: list[tuple[bool, bool, int | None]], most: int
) -> None:
    candidates = [Candidate(n, (a, b), held) for n, (a, b, held) in enumerate(some)]
    holding = sum(held == NORTH for _, _, held in some)
    found = _taken(place(candidates, RULES, {NORTH: most - holding}))
    assert sum(taken == NORTH for taken in found.values()) <= most
