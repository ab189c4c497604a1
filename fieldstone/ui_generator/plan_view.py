"""What a plan means for values and for others, as pages show it before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from fieldstone.metadata.values import Json, write_json
from fieldstone.runtime.change_impact import Impact
from fieldstone.runtime.change_touches import Touched
from fieldstone.runtime.conversion.outcomes import Outcome
from fieldstone.runtime.metadata_plans import PlannedChange

_LONGEST: Final = 300
_MOST_USES: Final = 12
_LONGEST_SAID: Final = 200


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A value and what it becomes, "" for nothing. said: what it is called in an instruction."""

    before: str
    after: str
    records: int
    is_whole: bool
    said: str

    @property
    def input_id(self) -> str:
        """Give what tells its input apart on the page, wherever it stands there."""
        return f"say-{crc32(self.said.encode()):x}"


@dataclass(frozen=True, slots=True)
class ShownOutcome:
    """What becomes of the values of one field, those first that lose something."""

    field: str
    was: str
    becomes: str
    records: int
    emptied: int
    shortened: int
    is_cut: bool
    in_background: bool
    values: tuple[ShownValue, ...]


@dataclass(frozen=True, slots=True)
class ShownTouch:
    """Who notices that a component changes or goes, each in a few words."""

    name: str
    by: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """What a plan means beside its changes."""

    outcomes: tuple[ShownOutcome, ...] = ()
    impact: tuple[Impact, ...] = ()
    touched: tuple[ShownTouch, ...] = ()

    @property
    def in_background(self) -> bool:
        """Whether a job applies it."""
        return any(one.in_background for one in self.outcomes)


def shown_plan(planned: PlannedChange) -> ShownPlan:
    """Give a plan as it is shown."""
    changes = planned.plan.changes
    going = {one.before.key for one in changes if one.operation == "remove" and one.before}
    touched = (_touch(one, going) for one in planned.touched)
    return ShownPlan(
        tuple(_outcome(one) for one in planned.outcomes),
        planned.impact,
        tuple(one for one in touched if one.by),
    )


def _outcome(one: Outcome) -> ShownOutcome:
    move = one.move
    values = (
        ShownValue(
            text_of(each.text),
            "" if each.converted.value is None else text_of(each.converted.value),
            each.records,
            each.converted.is_whole,
            each.text if len(each.text) <= _LONGEST_SAID else "",
        )
        for each in one.told
    )
    return ShownOutcome(
        f"{move.obj.label}, {move.old.label}",
        move.old.type.label,
        move.new.type.label,
        one.records,
        one.emptied,
        one.shortened,
        one.is_cut,
        one.in_background,
        tuple(values),
    )


def _touch(one: Touched, going: set[tuple[str, str]]) -> ShownTouch:
    by = list(_noticing(one, going))
    return ShownTouch(one.name, tuple(by[:_MOST_USES]), max(0, len(by) - _MOST_USES))


def _noticing(one: Touched, going: set[tuple[str, str]]) -> Iterator[str]:
    """Yield who notices, but for what goes along with it."""
    if one.package is not None:
        yield f"the package {one.package} ships it"
    if one.queries:
        yield f"{one.queries:,} queries of the last thirty days"
    for client in one.clients:
        yield f"{client.name}, last on {client.last_day.isoformat()}"
    for use in one.uses:
        if (use.kind, use.name.casefold()) not in going:
            yield f"{use.kind.replace('_', ' ')} {use.name}"


def text_of(value: Json) -> str:
    """Give a value of a body, or of a record, as it is shown, cut where it is long."""
    text = _words(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _words(value: Json) -> str:
    """Give a value as a person reads it: a list, such as that of a picklist, by its values."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(
            _words(one.get("value", write_json(one)) if isinstance(one, Mapping) else one)
            for one in value
        )
    return write_json(value)
