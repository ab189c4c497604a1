"""Searches in the search language run: FIND … RETURNING becomes records of several objects.

Entry points: `is_find(text)`, `find(tx, text, params)`. It takes one statement, whatever the number
of objects and of records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final
from weakref import ReferenceType, ref

from fieldstone.errors import Span
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.values import Json, JsonObject, fold, read_json, write_json
from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.explaining import read_expected
from fieldstone.query_language.finding.checks import marking_of
from fieldstone.query_language.finding.compile import (
    BEGINNING,
    INCOMPLETE,
    LIMIT,
    MOST,
    OBJECTS,
    PATTERNS,
    RANKED,
    TENANT,
    compile_find,
    offset_parameter,
    rows_parameter,
)
from fieldstone.query_language.finding.cover import patterns_of
from fieldstone.query_language.finding.explaining import explain_find
from fieldstone.query_language.finding.lifting import (
    LiftedFind,
    lift_find,
    with_objects,
    with_text,
)
from fieldstone.query_language.finding.marks import Marker, wanted_terms
from fieldstone.query_language.finding.patterns import letters_of
from fieldstone.query_language.finding.plan import FindPart, FindPlan
from fieldstone.query_language.finding.resolve import resolve_find
from fieldstone.query_language.finding.syntax import Find, SearchText
from fieldstone.query_language.parse import parse_find
from fieldstone.query_language.used_fields import ObjectUse, used_fields
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.observing import note_asked
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.queries import EXPLAIN, Page, page_of_plan, read_parameters
from fieldstone.runtime.ranking import rate_name
from fieldstone.runtime.ready_plans import MOST_OF_KEY
from fieldstone.runtime.records.levels import all_open
from fieldstone.runtime.statements import Prepared, prepare
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Transaction

MOST_ROWS: Final = 2_000
MOST_SKIPPED: Final = 2_000
MOST_LOOKED_AT: Final = 100_000
"""How many records whose text may match are looked at."""
_WITH_HIDDEN: Final = 10
"""So many times as many are, where the viewer may not see all of them."""
_PARSED: Final = 200
_SHORT: Final = 2_000
_PLANS_KEPT: Final = 1_000
_IN_BRACES: Final = re.compile(r"\s*FIND\s*\{", re.IGNORECASE)
_FIND: Final = re.compile(r"\s*(?P<explains>EXPLAIN\s+)?FIND(?!\w)", re.IGNORECASE)


def is_find(text: str) -> bool:
    """Tell whether a text is a search in the search language rather than a query."""
    return _FIND.match(text) is not None


def explains_find(text: str) -> bool:
    """Tell whether a text asks for the plan of a search."""
    return _length_of_explain(text) > 0


def _without_explain(text: str) -> str:
    """Give a search with blanks for the word EXPLAIN in front of it."""
    length = _length_of_explain(text)
    return " " * length + text[length:]


def _length_of_explain(text: str) -> int:
    found = _FIND.match(text)
    return 0 if found is None or found["explains"] is None else found.end("explains")


def is_find_in_braces(text: str) -> bool:
    """Tell whether words to search for are no words but a search in the search language."""
    return _IN_BRACES.match(text) is not None


@dataclass(frozen=True, slots=True)
class FoundOfObject:
    """How many records of an object were found, and how many of them are given."""

    name: str
    total: int
    given: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives.

    records: each a JSON text, object by object in the order of RETURNING. objects: what there is
    of each. complete: whether all records were looked at that may match, or the first 100,000; for
    a viewer who does not see all records, whether there are no more than so many to be seen.
    """

    records: list[str]
    objects: tuple[FoundOfObject, ...]
    complete: bool

    def without_empty_objects(self) -> Found:
        """Give the same without the objects of which there is nothing."""
        return replace(self, objects=tuple(one for one in self.objects if one.total))

    def show(self) -> str:
        """Give it as callers see it, as JSON text."""
        objects: Json = [
            {"object": one.name, "total": one.total, "given": one.given} for one in self.objects
        ]
        return (
            f'{{"search_records": [{",".join(self.records)}], "objects": {write_json(objects)}, '
            f'"complete": {write_json(self.complete)}}}'
        )


async def find(
    tx: Transaction,
    text: str,
    params: Mapping[str, Json] | None = None,
    *,
    most_looked_at: int = MOST_LOOKED_AT,
) -> Found:
    """Give what a search finds that the viewer of tx may read. Raises InvalidInput, QueryTimeout.

    Without ORDER BY the records of an object are ranked as GET /search ranks them.
    """
    asked = await _settled(tx, text, params or {}, most_looked_at)
    ready, lifted = asked.ready, asked.lifted
    note_asked(tx, ready.uses)
    rows = await tx.fetch(ready.statement.sql, ready.statement.arguments(asked.values))
    found = _found(ready.plan, lifted, rows, asked.portions, asked.limit)
    if asked.is_partial:
        seen = sum(one.total for one in found.objects)
        found = replace(found, complete=seen <= most_looked_at)
    return found if asked.known.returning else found.without_empty_objects()


async def explain(tx: Transaction, text: str, params: Mapping[str, Json] | None = None) -> Page:
    """Give the plan of a search, with what PostgreSQL expects where nothing is hidden.

    text: from FIND on, or with EXPLAIN in front. Raises InvalidInput.
    """
    asked = await _settled(tx, _without_explain(text), params or {}, MOST_LOOKED_AT)
    expected = None
    if tx.rights.reads_everything:
        statement = asked.ready.statement
        rows = await tx.fetch(EXPLAIN + statement.sql, statement.arguments(asked.values))
        expected = read_expected(read_json(rows[0][0]))
    plan = explain_find(asked.ready.plan, asked.patterns, expected, asked.values[MOST])
    return page_of_plan(plan)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search that is ready to run.

    known: as it was written. patterns: what the index is asked for. is_partial: whether there are
    records that the viewer may not see.
    """

    known: Find
    lifted: LiftedFind
    patterns: list[list[str]]
    ready: _Ready
    portions: list[_Portion]
    limit: int
    values: dict[str, Any]
    is_partial: bool


async def _settled(
    tx: Transaction, text: str, params: Mapping[str, Json], most_looked_at: int
) -> _Asked:
    """Give what a search means to the viewer of tx. Raises InvalidInput."""
    tx.tenant.terms.require(Feature.FIND)
    catalog, rights = tx.catalog, tx.rights

    def read() -> tuple[Find, LiftedFind, list[list[str]]]:
        known = with_text(_parsed(text), params)
        lifted = lift_find(with_objects(known, catalog, rights), params)
        return known, lifted, patterns_of(lifted.search)

    known, lifted, patterns = await worked_out(read, len(text))
    ready = await _ready(tx, lifted)
    portions = [_portion(part, lifted) for part in ready.plan.parts]
    limit = _limit_of(lifted)
    words = _words(lifted.search)
    is_partial = not all(all_open(tx, part.object) for part in ready.plan.parts)
    values = {
        **read_parameters(ready.plan.parameters, lifted.lifted, tx),
        **{rows_parameter(n): one.rows_for(limit) for n, one in enumerate(portions)},
        **{offset_parameter(n): one.offset for n, one in enumerate(portions)},
        LIMIT: limit,
        TENANT: tx.tenant.id,
        OBJECTS: [int(part.object.id) for part in ready.plan.parts],
        PATTERNS: write_json([list(group) for group in patterns]),
        MOST: most_looked_at * (_WITH_HIDDEN if is_partial else 1),
        BEGINNING: " ".join(words),
    }
    return _Asked(known, lifted, patterns, ready, portions, limit, values, is_partial)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A plan with its statement."""

    plan: FindPlan
    catalog: ReferenceType[Catalog]
    statement: Prepared
    uses: tuple[ObjectUse, ...]


_PLANS: Final[PerCatalog[_Ready]] = PerCatalog(_PLANS_KEPT)


async def _ready(tx: Transaction, lifted: LiftedFind) -> _Ready:
    catalog, rights, length = tx.catalog, tx.rights, len(lifted.lifted.key)

    def make() -> _Ready:
        plan = resolve_find(lifted, catalog, rights)
        uses = tuple(use for part in plan.parts for use in used_fields(part.plan))
        return _Ready(plan, ref(catalog), prepare(compile_find(plan, catalog)), uses)

    if length > MOST_OF_KEY:
        return await worked_out(make, length)
    return _PLANS.get(catalog, (rights.digest, lifted.lifted.key), make)


def _parsed(text: str) -> Find:
    return _parse_short(text) if len(text) <= _SHORT else parse_find(text)


@lru_cache(maxsize=_PARSED)
def _parse_short(text: str) -> Find:
    return parse_find(text)


@dataclass(frozen=True, slots=True)
class _Portion:
    """Which rows of an object are wanted."""

    limit: int
    offset: int
    is_ranked: bool

    @property
    def read(self) -> int:
        """How many rows are read: enough of them to rank, where they are ranked."""
        wanted = self.limit + self.offset
        return max(wanted, RANKED) if self.is_ranked else wanted

    def rows_for(self, limit: int) -> int:
        """Give how many rows are read where the whole search gives so many."""
        most = limit + self.offset
        return min(self.read, max(most, RANKED) if self.is_ranked else most)


def _portion(part: FindPart, lifted: LiftedFind) -> _Portion:
    limit = _count(lifted, part.plan.limit, MOST_ROWS)
    offset = _count(lifted, part.plan.offset, 0)
    at = _place_of(part, lifted)
    if limit > MOST_ROWS:
        raise BadQuery(f"A search returns at most {MOST_ROWS} records.", at=at)
    if offset > MOST_SKIPPED:
        raise BadQuery(f"The OFFSET of a search goes up to {MOST_SKIPPED}.", at=at)
    return _Portion(limit, offset, is_ranked=not part.plan.order_by)


def _place_of(part: FindPart, lifted: LiftedFind) -> Span:
    return next(
        (
            one.span
            for one in lifted.find.returning
            if fold(one.query.source.path.text) == fold(part.object.name)
        ),
        lifted.find.span,
    )


def _limit_of(lifted: LiftedFind) -> int:
    limit = _count(lifted, lifted.limit, MOST_ROWS)
    if limit > MOST_ROWS:
        raise BadQuery(f"A search returns at most {MOST_ROWS} records.", at=lifted.find.span)
    return limit


def _count(lifted: LiftedFind, number: int | None, usual: int) -> int:
    if number is None:
        return usual
    found = lifted.lifted.literals[number]
    assert isinstance(found, int)
    return found


def _words(search: SearchText) -> list[str]:
    """Give the words by which what is found is ranked."""
    words = (word for term in wanted_terms(search) for word in letters_of(term.pattern).split())
    return list(dict.fromkeys(words)) or [""]


def _found(
    plan: FindPlan,
    lifted: LiftedFind,
    rows: Sequence[Any],
    portions: Sequence[_Portion],
    limit: int,
) -> Found:
    words = _words(lifted.search)
    by_part: list[list[Any]] = [[] for _ in plan.parts]
    for row in rows:
        if row["part"] != INCOMPLETE:
            by_part[row["part"]].append(row)
    wanted = []
    for found, portion in zip(by_part, portions, strict=True):
        if portion.is_ranked:
            found.sort(key=lambda row: (-rate_name(row["title"] or "", words), row["title"] or ""))
        wanted.append(found[portion.offset : portion.offset + portion.limit])
    shares = share_out(limit, [len(found) for found in wanted])
    marking = marking_of(lifted.find)
    marker = Marker.of(lifted.search, marking) if marking.is_wanted else None
    records = [
        _record(part.object.name, row, marker)
        for part, found, share in zip(plan.parts, wanted, shares, strict=True)
        for row in found[:share]
    ]
    objects = tuple(
        FoundOfObject(part.object.name, found[0]["total"] if found else 0, share)
        for part, found, share in zip(plan.parts, by_part, shares, strict=True)
    )
    return Found(records, objects, all(row["part"] != INCOMPLETE for row in rows))


def share_out(limit: int, asked: Sequence[int]) -> list[int]:
    """Share a number of rows out: as evenly as may be, and to none more than it asked for."""
    shares = [0] * len(asked)
    hungry = [place for place, number in enumerate(asked) if number]
    while hungry and limit:
        each, rest = divmod(limit, len(hungry))
        for order, place in enumerate(hungry):
            more = min(asked[place] - shares[place], each + (order < rest))
            shares[place] += more
            limit -= more
        hungry = [place for place in hungry if shares[place] < asked[place]]
    return shares


def _record(name: str, row: Any, marker: Marker | None) -> str:
    """Give a record as JSON text: its type in front, as there are several, and marks behind."""
    attributes: JsonObject = {"type": name}
    behind = ""
    if marker is not None:
        texts = read_json(row["texts"])
        assert isinstance(texts, Mapping), "texts come by the names of their fields"
        behind = _members(marker.members(texts))
    return f'{{"attributes": {write_json(attributes)}, {row["row"][1:-1]}{behind}}}'


def _members(shown: Mapping[str, Json]) -> str:
    return "".join(f", {write_json(key)}: {write_json(value)}" for key, value in shown.items())
