"""Advice in words with figures: what was asked, what to do, what it may bring and what it costs."""

from __future__ import annotations

from typing import Final

from fieldstone.metadata.catalog import Field
from fieldstone.query_language.index_advice import AdviceKind
from fieldstone.runtime.storage.advice_rules import UNUSED_DAYS, Advice, Days, Demand

_STEP: Final = 1024
_ENOUGH_MS: Final = 1_000


def reason_of(advice: Advice, days: Days) -> str:
    """Tell what was observed and what follows, as one sentence."""
    match advice.kind:
        case AdviceKind.DROP:
            return _drop(advice)
        case AdviceKind.INDEX:
            return f"{_asked_for(advice)}; {_do_index(advice)}."
        case AdviceKind.SLOT:
            return f"{_asked_for(advice)} without an index; {_do_slot(advice, days)}."


def effect_of(advice: Advice) -> str:
    """Tell what may be expected, by the time that was observed."""
    if advice.kind is AdviceKind.DROP:
        return "No query gets slower by what was seen; writes have one index less to keep."
    demand = advice.demand
    if not demand.spent_ms:
        return "How long such queries take was not observed yet."
    return (
        f"About {show_ms(demand.after_ms)} instead of {show_ms(demand.each_ms)} for each query, "
        f"{show_ms(demand.saves_ms)} a week (an estimate)."
    )


def cost_of(advice: Advice) -> str:
    """Tell what it takes."""
    size = show_bytes(abs(advice.cost_bytes))
    if advice.kind is AdviceKind.DROP:
        return f"Frees about {size}."
    more = "" if advice.gives_way else ", and one more index entry for each record written"
    return f"About {size}{more}."


def show_ms(duration_ms: float) -> str:
    """Write a duration: 0.4 ms, 38 ms, 3.1 s."""
    if duration_ms >= _ENOUGH_MS:
        return f"{duration_ms / 1000:,.1f} s"
    return f"{duration_ms:.0f} ms" if duration_ms >= 10 else f"{duration_ms:.1f} ms"


def show_bytes(size: int) -> str:
    """Write a size: 640 bytes, 12 kB, 2.4 MB."""
    if size < _STEP:
        return f"{size} bytes"
    if size < _STEP * _STEP:
        return f"{size / _STEP:.0f} kB"
    return f"{size / _STEP / _STEP:,.1f} MB"


def named(fields: tuple[Field, ...]) -> str:
    """Write the names of fields: stage, owner and close_date."""
    names = [field.name for field in fields]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _asked_for(advice: Advice) -> str:
    demand = advice.demand
    times, span = _lately(demand)
    spent = f", {show_ms(demand.spent_ms)} of the database's time" if demand.spent_ms else ""
    return f"{advice.obj.plural_label} are {_how(advice)} {times:,} times in {span} days{spent}"


def _how(advice: Advice) -> str:
    *first, last = advice.fields
    demand = advice.demand
    if not first:
        both = " and ".join(
            word
            for word, count in (("filtered", demand.filtered), ("sorted", demand.sorted))
            if count
        )
        return f"{both or 'asked for'} by {last.name}"
    if demand.sorted:
        return f"filtered by {named(tuple(first))} and sorted by {last.name}"
    return f"filtered by {named(advice.fields)} together"


def _lately(demand: Demand) -> tuple[int, int]:
    return (demand.week, 7) if demand.week else (demand.times, 30)


def _do_slot(advice: Advice, days: Days) -> str:
    if advice.gives_way is not None:
        other, its = advice.gives_way
        asked = f"was asked for {its.times:,} times" if its.times else "nobody asked for"
        span = max(1, days.watched)
        told = "which " + asked
        return f"give it the slot of {other.name}, {told} in {span} day{'s' * (span > 1)}"
    if advice.obstacle is not None:
        return advice.obstacle
    return "give it a slot that is free"


def _do_index(advice: Advice) -> str:
    if advice.obstacle is not None:
        return advice.obstacle
    if len(advice.fields) == 1:
        return "make an index on it"
    return f"make an index on {named(advice.fields)}"


def _drop(advice: Advice) -> str:
    plural = advice.obj.plural_label
    assert advice.index is not None
    if len(advice.fields) < len(advice.index.fields):
        return f"A field of the index {advice.index.name} of {plural} is gone; drop the index."
    return (
        f"The index on {named(advice.fields)} of {plural} was not used for {UNUSED_DAYS} days; "
        "drop it."
    )
