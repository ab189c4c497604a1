"""A world with a history: every step is at an instant of its own, and random work fills it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.queries import Question
from tests.support.query_world import NOW, World, a_world

NUMBER: Final = {"type": "number", "precision": 28, "places": 6}
FIELDS: Final[dict[str, dict[str, Any]]] = {
    "friends": {"type": "many_to_many", "references": "Sample__c", "child_name": "fans"},
    "about": {"type": "polymorphic", "references": ["Sample__c", "Company"]},
    "whole": {
        "type": "lookup",
        "references": "Sample__c",
        "child_name": "pieces",
        "on_delete": "cascade",
    },
    "place": {"type": "address"},
    "doubled": {**NUMBER, "formula": "number * 2", "blanks_as": "blank"},
    "above": {"type": "text", "formula": 'parent.name & "/" & TEXT(parent.doubled)'},
    "parts_sum": {
        **NUMBER,
        "roll_up": {
            "children": "parts",
            "function": "sum",
            "field": "number",
            "where": "done = true",
        },
    },
    "parts_n": {"type": "number", "roll_up": {"children": "parts", "function": "count"}},
    "fans_most": {
        **NUMBER,
        "roll_up": {"children": "fans", "function": "max", "field": "doubled"},
    },
}
"""What Sample has beside its plain fields: references of every kind, and what is calculated."""


class TurningClock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.instant = NOW - timedelta(days=90)

    def now(self) -> datetime:
        """Give the instant that it shows."""
        return self.instant

    def turn(self, by: timedelta = timedelta(days=2, seconds=1)) -> datetime:
        """Let time pass."""
        self.instant += by
        return self.instant


@dataclass
class PastWorld:
    """A world and its clock; live, binned: the ids of samples and companies, by object."""

    world: World
    clock: TurningClock
    live: dict[str, list[str]] = field(default_factory=lambda: {"Sample": [], "Company": []})
    binned: dict[str, list[str]] = field(default_factory=lambda: {"Sample": [], "Company": []})

    async def answer(self, text: str, at: datetime | None = None) -> tuple[Any, Any]:
        """Give records and total of a query, in whose text {at} stands where AS OF may stand."""
        as_of = "" if at is None else f"AS OF {at:%Y-%m-%dT%H:%M:%S.%fZ}"
        page = await self.world.page(Question.of_text(text.format(at=as_of), page_size=2000))
        return [read_json(record) for record in page.records], page.total

    async def do(self, step: Step) -> None:
        """Take one step; where there is nothing to take it with, a record is made."""
        action, chosen, values = step
        name = "Company" if chosen % 4 == 3 else "Sample"
        some = self.binned[name] if action == "restore" else self.live[name]
        if action == "create" or not some:
            await self.world.create(name, self._sent(name, values))
        elif action == "change":
            await self.world.change(name, some[chosen % len(some)], self._sent(name, values))
        elif action == "delete":
            await self.world.delete(name, some[chosen % len(some)])
        else:
            await self.world.restore(name, some[chosen % len(some)])
        for one in self.live:
            ids = await self._ids(f"SELECT id FROM {one}")
            every = await self._ids(f"SELECT id FROM {one} ALL ROWS")
            self.live[one], self.binned[one] = ids, [two for two in every if two not in ids]

    async def _ids(self, text: str) -> list[str]:
        records, _ = await self.answer(text)
        return [record["id"] for record in records]

    def _sent(self, name: str, values: dict[str, Any]) -> dict[str, Json]:
        """Give values as they are sent, with ids in the place of numbers of records."""
        if name == "Company":
            return {"name": str(values.get("name") or "C")}
        found: dict[str, Json] = dict(values)
        samples = self.live["Sample"]
        every = [*samples, *self.live["Company"]]
        for one, targets in (("parent", samples), ("whole", samples), ("about", every)):
            if one in values:
                found[one] = _picked(values[one], targets)
        if "friends" in values:
            picked = {_picked(number, samples) for number in values["friends"] or ()}
            found["friends"] = sorted(str(one) for one in picked if one) or None
        return found


def _picked(number: int | None, targets: Sequence[str]) -> str | None:
    return None if number is None or not targets else targets[number % len(targets)]


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


numbers = st.sampled_from([-1, 0, 2, 5])
picks = st.integers(0, 7)
VALUES: Final = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "B", "ab", "x" * 90]),
        "code": _some(st.sampled_from(["p", "q"])),
        "number": _some(numbers),
        "loose": _some(numbers),
        "done": st.booleans(),
        "tags": _some(st.lists(st.sampled_from(["Red", "Blue"]), min_size=1, unique=True)),
        "kind": _some(st.sampled_from(["New", "On Hold"])),
        "day": _some(st.sampled_from(["2026-01-01", "2026-03-18"])),
        "moment": _some(st.sampled_from(["2026-03-17T01:00:00Z", "2026-03-18T23:30:00Z"])),
        "notes": _some(st.sampled_from(["long", "longer"])),
        "place": _some(st.sampled_from([{"city": "Ulm"}, {"city": "Bonn", "street": "A 1"}])),
        "parent": _some(picks),
        "whole": st.none() | st.none() | picks,
        "about": _some(picks),
        "friends": _some(st.lists(picks, max_size=3)),
    },
)
Step = tuple[str, int, dict[str, Any]]
ACTIONS: Final = st.sampled_from(["create", "create", "change", "change", "delete", "restore"])
STEPS: Final[st.SearchStrategy[Step]] = st.tuples(ACTIONS, picks, VALUES)


@asynccontextmanager
async def a_past_world(dsn: str) -> AsyncIterator[PastWorld]:
    """Open a world whose clock can be turned, with all kinds of fields on Sample."""
    clock = TurningClock()
    async with a_world(dsn, clock) as world:
        fields = tuple(
            Component("field", f"Sample__c.{name}", {"object": "Sample__c", **body})
            for name, body in FIELDS.items()
        )
        async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
            await change_metadata(tx, Proposal(creates=fields))
        yield PastWorld(world, clock)
