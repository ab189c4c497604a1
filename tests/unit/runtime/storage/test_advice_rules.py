"""The rules of advice as pure functions: what is advised, for what, and what gives way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fieldstone.metadata.catalog import Field, ObjectDef, ObjectIndex
from fieldstone.metadata.slots import SLOTS, SlotKind
from fieldstone.query_language.index_advice import AdviceKind
from fieldstone.query_language.used_fields import ObjectUse
from fieldstone.runtime.storage.advice_rules import (
    MOST_INDEXES,
    Advice,
    Days,
    ObjectFacts,
    advise_on,
    first_to_apply,
)
from fieldstone.runtime.storage.advice_words import cost_of, effect_of, reason_of
from fieldstone.runtime.storage.usage import Asked
from tests.support.query_catalog import a_catalog

TODAY = date(2026, 3, 31)
DAYS = Days(TODAY, TODAY - timedelta(days=30))
DEAL = a_catalog().get_object("Deal")
TEXTS = frozenset(SLOTS[SlotKind.TEXT])


def own(obj: ObjectDef = DEAL, *indexes: ObjectIndex) -> ObjectDef:
    """Give an object with a heap of its own."""
    return replace(obj, heap="record_x5", indexes=indexes)


def fields(*names: str) -> tuple[Field, ...]:
    return tuple(DEAL.get_field(name) for name in names)


def asked(
    equal: tuple[str, ...] = (),
    ranged: tuple[str, ...] = (),
    order: tuple[str, ...] = (),
    *,
    week: int = 1240,
    spent_ms: float = 3100.0,
    last: date = TODAY,
) -> Asked:
    """Give one way to ask for deals."""
    lists = (tuple(field.id for field in fields(*names)) for names in (equal, ranged, order))
    return Asked(ObjectUse(DEAL.id, *lists), week, week, spent_ms, float(week), last)


def facts(*ways: Asked, obj: ObjectDef = DEAL, taken: frozenset[str] = frozenset()) -> ObjectFacts:
    return ObjectFacts(obj, 100_000, taken, frozenset(), ways)


def an_index(*names: str, made_on: date = date(2026, 1, 1), name: str = "a1") -> ObjectIndex:
    return ObjectIndex(name, tuple(field.id for field in fields(*names)), made_on)


def ids(advice: list[Advice]) -> list[str]:
    return [one.id for one in advice]


def test_a_field_without_a_slot_is_given_a_free_one() -> None:
    (one,) = advise_on(facts(asked(("region",))), DAYS)

    assert one.id == "slot-Deal.region"
    assert one.strong
    assert one.gives_way is None
    assert reason_of(one, DAYS) == (
        "Deals are filtered by region 1,240 times in 7 days, 3.1 s of the database's time without "
        "an index; give it a slot that is free."
    )
    assert effect_of(one) == (
        "About 0.6 ms instead of 2.5 ms for each query, 2.3 s a week (an estimate)."
    )
    assert cost_of(one) == "About 7.8 MB, and one more index entry for each record written."


def test_a_slot_that_nobody_asked_for_is_passed_on() -> None:
    (one,) = advise_on(facts(asked(("region",)), taken=TEXTS), DAYS)

    assert one.gives_way is not None
    assert one.gives_way[0].name == "stage"
    assert one.strong
    assert reason_of(one, DAYS).endswith(
        "give it the slot of stage, which nobody asked for in 30 days."
    )


def test_a_slot_that_is_asked_for_a_little_gives_way_but_not_by_itself() -> None:
    ways = (asked(("region",)), *(asked((name,), week=10) for name in ("stage", "name")))

    (one,) = advise_on(facts(*ways, taken=TEXTS), DAYS)

    assert one.gives_way is not None
    assert not one.strong
    assert "which was asked for 10 times in 30 days" in reason_of(one, DAYS)


def test_slots_that_are_needed_stay_where_they_are() -> None:
    ways = tuple(asked((name,)) for name in ("region", "stage", "name"))

    (one,) = advise_on(facts(*ways, taken=TEXTS), DAYS)

    assert one.obstacle is not None
    assert first_to_apply([one], frozenset()) is None


def test_what_was_watched_for_a_few_days_takes_nothing_away_by_itself() -> None:
    (one,) = advise_on(
        facts(asked(("region",)), taken=TEXTS), Days(TODAY, TODAY - timedelta(days=5))
    )

    assert one.gives_way is not None
    assert not one.strong


def test_fields_of_attach_rules_and_of_indexes_never_give_way() -> None:
    stage, name = fields("stage", "name")
    obj = replace(DEAL, indexes=(an_index("stage", "amount"),))
    bound = replace(facts(asked(("region",)), obj=obj, taken=TEXTS), bound=frozenset({name.id}))

    found = [one for one in advise_on(bound, DAYS) if one.kind is AdviceKind.SLOT]

    assert stage.slot is not None
    assert found[0].gives_way is None
    assert found[0].obstacle is not None


def test_what_is_hardly_asked_for_is_not_advised() -> None:
    assert advise_on(facts(asked(("region",), week=2)), DAYS) == []


def test_an_index_on_two_fields_is_for_heaps_of_their_own() -> None:
    way = asked(("stage",), order=("close_date",), week=100, spent_ms=5000.0)

    assert advise_on(facts(way), DAYS) == []
    (one,) = advise_on(facts(way, obj=own()), DAYS)
    assert one.id == "index-Deal.stage.close_date"
    assert one.strong
    assert reason_of(one, DAYS) == (
        "Deals are filtered by stage and sorted by close_date 100 times in 7 days, 5.0 s of the "
        "database's time; make an index on stage and close_date."
    )


@pytest.mark.parametrize(
    ("way", "wanted"),
    [
        (asked(("owner",), order=("amount",), week=10), ["index-Deal.owner.amount"]),
        (asked(("stage", "company"), week=10), ["index-Deal.stage.company"]),
        (asked(("stage",), ("amount",), week=10), ["index-Deal.stage.amount"]),
        (asked(order=("updated_at",), week=10), ["index-Deal.updated_at"]),
        (asked(("stage",), week=10), []),
        (asked(order=("amount",), week=10), []),
        (asked(("owner",), week=10), []),
        (asked(("stage",), order=("stage",), week=10), []),
        (asked(("stage",), order=("amount",), week=10_000), []),
    ],
)
def test_an_index_is_advised_where_those_of_the_slots_do_not_do(
    way: Asked, wanted: list[str]
) -> None:
    assert ids(advise_on(facts(way, obj=own()), DAYS)) == wanted


def test_an_index_that_is_there_is_not_advised_again() -> None:
    way = asked(("stage",), order=("amount",), week=10)

    assert advise_on(facts(way, obj=own(DEAL, an_index("stage", "amount"))), DAYS) == []


def test_a_heap_has_so_many_indexes_and_no_more() -> None:
    made = (an_index("company", "amount", name=f"a{n}", made_on=TODAY) for n in range(MOST_INDEXES))
    way = asked(("stage",), order=("amount",), week=10)

    (one,) = advise_on(facts(way, obj=own(DEAL, *made)), DAYS)

    assert one.obstacle is not None


def test_an_index_that_nobody_used_is_dropped() -> None:
    index = an_index("stage", "amount", name="a7")
    old = asked(("stage",), order=("amount",), last=TODAY - timedelta(days=15))

    (one,) = advise_on(facts(old, obj=own(DEAL, index)), DAYS)

    assert (one.id, one.index, one.strong) == ("drop-Deal.a7", index, True)
    assert reason_of(one, DAYS) == (
        "The index on stage and amount of Deals was not used for 14 days; drop it."
    )
    assert cost_of(one).startswith("Frees about ")


@pytest.mark.parametrize(
    ("made_on", "last", "first"),
    [
        (TODAY, TODAY - timedelta(days=15), DAYS.first),
        (date(2026, 1, 1), TODAY - timedelta(days=3), DAYS.first),
        (date(2026, 1, 1), TODAY - timedelta(days=15), TODAY - timedelta(days=2)),
    ],
)
def test_an_index_stays_that_is_new_or_used_or_not_watched_for_long(
    made_on: date, last: date, first: date
) -> None:
    index = an_index("stage", "amount", made_on=made_on)
    way = asked(("stage",), order=("amount",), last=last)

    assert advise_on(facts(way, obj=own(DEAL, index)), Days(TODAY, first)) == []


def test_an_index_whose_field_is_gone_is_dropped() -> None:
    index = ObjectIndex("a7", (DEAL.get_field("stage").id, DEAL.get_field("notes").id), TODAY)

    (one,) = advise_on(facts(obj=own(DEAL, index)), DAYS)

    assert one.kind is AdviceKind.DROP


def test_what_saves_most_stands_first_and_what_was_undone_is_left_alone() -> None:
    ways = (
        asked(("region",), week=100, spent_ms=4000.0),
        asked(("stage",), order=("amount",), week=200, spent_ms=9000.0),
    )
    advice = advise_on(facts(*ways, obj=own()), DAYS)

    assert ids(advice) == ["index-Deal.stage.amount", "slot-Deal.region"]
    assert first_to_apply(advice, frozenset()) is advice[0]
    assert first_to_apply(advice, frozenset({advice[0].id})) is advice[1]
    assert first_to_apply(advice, frozenset(ids(advice))) is None
