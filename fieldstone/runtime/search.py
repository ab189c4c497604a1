"""Search over all objects: every word must be found, typing mistakes allowed, best hits first.

PostgreSQL gives candidates out of record_search; which of them the viewer may see, by which field
and in which order, is settled here, with one statement for each heap whatever the number of hits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from rapidfuzz import fuzz
from sqlalchemy import ARRAY, BigInteger, Boolean, Integer, Text, column, func, literal, select

from fieldstone.errors import InvalidInput
from fieldstone.ids import RecordId, format_id, parse_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.names import CUSTOM_SUFFIX
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.tables import heap
from fieldstone.metadata.values import Json, JsonObject, fold
from fieldstone.runtime.ranking import closeness, rate_name
from fieldstone.runtime.records.draft import Data
from fieldstone.runtime.records.heap_statements import inline
from fieldstone.runtime.records.levels import all_open, levels_of
from fieldstone.runtime.records.store import stored_record
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

LONGEST: Final = 200
MOST_WORDS: Final = 10
MOST_RESULTS: Final = 200
MOST_RANKED: Final = 100_000
"""How many matches are put in order; of one letter a large tenant has more."""
_PORTIONS: Final = (1_000, 9_000, 30_000, 60_000)
"""How many candidates are read at a time, until enough of them are such that the viewer may see."""
_LOOKED_AT: Final = 400
_FEW: Final = 5
_WORDS_APART: Final = 4
_TELLING: Final = 3
_LEAST_LIKE: Final = 70.0
_LEAST_SIMILAR: Final = 0.3
"""What search_records_loosely asks of candidates."""
_CACHED: Final = 1024


def _statement(name: str, *more: str) -> Prepared:
    found = getattr(func, name)(
        parameter("tenant", Integer()),
        parameter("objects", ARRAY(Integer)),
        parameter("words", ARRAY(Text)),
        parameter("most", Integer()),
        *(parameter(one, Integer()) for one in more),
    )
    columns = [column("id", BigInteger), column("object_id", Integer), column("txt", Text)]
    columns += [column("more", Boolean)] if more else []
    given = select(*found.table_valued(*columns).c)
    passed, portion = parameter("passed", Integer()), parameter("portion", Integer())
    return prepare(given.offset(passed).limit(portion))


_ALL_WORDS: Final = _statement("search_records", "ranked")
_LOOSELY: Final = _statement("search_records_loosely")


def _near_texts() -> Prepared:
    given = func.unnest(parameter("ids", ARRAY(BigInteger)), parameter("texts", ARRAY(Text)))
    text = given.table_valued(column("id", BigInteger), column("txt", Text)).render_derived()
    like = func.word_similarity(parameter("words", Text()), text.c.txt)
    return prepare(select(text.c.id).where(like >= literal(_LEAST_SIMILAR)))


_NEAR: Final = _near_texts()


class BadSearch(InvalidInput):
    """A search for nothing, or for more than a search may hold."""

    code = "search.bad_text"


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found. others: names of records it points to, by field name.

    score: the higher the better; it says something within one search alone.
    """

    object: ObjectDef
    id: RecordId
    name: str
    others: Mapping[str, str]
    score: float

    def show(self) -> JsonObject:
        """Give it as callers see it."""
        return {
            "type": fold(self.object.name.removesuffix(CUSTOM_SUFFIX)),
            "id": format_id(self.object.prefix, self.id),
            "name": self.name,
            **{key: name for key, name in self.others.items() if key not in _TAKEN},
            "object": self.object.name,
        }


_TAKEN: Final = frozenset({"type", "id", "name", "object"})


@dataclass(frozen=True, slots=True)
class Results:
    """What a search found. complete: whether all that matches was put in order.

    Otherwise only the first of them that came up were, and better ones may be missing. ranked: how
    many those are: fewer for who does not see all records, of which alone both tell.
    """

    hits: tuple[Hit, ...]
    complete: bool
    ranked: int = MOST_RANKED


@dataclass(frozen=True, slots=True)
class _Found:
    """A candidate as it was loaded."""

    object: ObjectDef
    id: RecordId
    data: Data


def words_of(text: str) -> list[str]:
    """Read what a person typed into words. Raises BadSearch."""
    if "\0" in text:
        raise BadSearch("A search cannot hold the character NUL.", at="/q")
    if len(text) > LONGEST:
        raise BadSearch(f"A search has at most {LONGEST} characters.", at="/q")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadSearch("The search is not valid Unicode.", at="/q") from None
    words = list(dict.fromkeys(fold(text).split()))
    if not words:
        raise BadSearch("There is nothing to search for.", at="/q", hint="Write /search?q=acme.")
    return words[:MOST_WORDS]


async def search_everything(
    tx: Transaction,
    text: str,
    obj: ObjectDef | None = None,
    *,
    limit: int = 20,
    offset: int = 0,
    most_ranked: int = MOST_RANKED,
) -> Results:
    """Give the records that a text finds, best first. obj: look among its records alone.

    A word may stand in the name of a record that a hit points to, as in alice acme for Alice of
    Acme. What the viewer may not read finds nothing. Raises BadSearch.
    """
    words = words_of(text)
    search = _Search(tx, words, obj, most_ranked)
    hits = await _hits(tx, await search.with_all_words(), words)
    if len(hits) < min(limit + offset, _FEW) and len(words) > 1:
        apart = await search.with_single_words()
        hits += await _hits(tx, _without(apart, hits), words)
    if len(hits) < min(limit + offset, _FEW):
        hits += await _loose_hits(search, hits)
    hits.sort(key=lambda hit: (-hit.score, fold(hit.name), hit.id))
    return Results(tuple(hits[offset : offset + limit]), search.complete, search.ranked)


@dataclass(slots=True)
class _Search:
    """One search, as it asks for candidates. complete: whether all that matched was ranked."""

    tx: Transaction
    words: Sequence[str]
    obj: ObjectDef | None
    most_ranked: int
    complete: bool = True

    async def with_all_words(self) -> dict[int, str]:
        """Give candidates that hold every word."""
        return await self._candidates(_ALL_WORDS, self.words, ranked=self.most_ranked)

    async def with_single_words(self) -> dict[int, str]:
        """Give candidates that hold one of the words; another may be in a name beside them."""
        found: dict[int, str] = {}
        for word in sorted(self.words, key=len, reverse=True)[:_WORDS_APART]:
            found.update(await self._candidates(_ALL_WORDS, [word], ranked=self.most_ranked))
        return found

    async def loosely(self) -> dict[int, str]:
        """Give candidates that hold something like the words."""
        return await self._candidates(_LOOSELY, self.words)

    async def _candidates(
        self, statement: Prepared, words: Sequence[str], **limits: int
    ) -> dict[int, str]:
        """Give search texts by id, of objects that the viewer may read, the likeliest first."""
        seen, rows, passed = list[tuple[int, str]](), list[Any](), 0
        for portion in _PORTIONS if self.is_partial else _PORTIONS[:1]:
            rows = await self._portion(statement, words, passed, portion, **limits)
            open_ones = await _seen(self.tx, ((self._object_of(row), row["id"]) for row in rows))
            seen += [(row["id"], row["txt"]) for row in rows if row["id"] in open_ones]
            passed += portion
            if len(rows) < portion or len(seen) > _LOOKED_AT:
                break
        more = len(seen) > self.ranked if self.is_partial else bool(rows and rows[0].get("more"))
        self.complete = self.complete and not (limits and more)
        seen.sort(key=lambda pair: -closeness(pair[1], words))
        return dict(seen[:_LOOKED_AT])

    async def _portion(
        self, statement: Prepared, words: Sequence[str], passed: int, portion: int, **limits: int
    ) -> list[Any]:
        return await self.tx.rows(
            statement,
            tenant=self.tx.tenant.id,
            objects=[int(one.id) for one in self._objects],
            words=list(words),
            most=passed + portion,
            passed=passed,
            portion=portion,
            **limits,
        )

    def _object_of(self, row: Any) -> ObjectDef:
        return self.tx.catalog.by_id[row["object_id"]]

    @property
    def _objects(self) -> list[ObjectDef]:
        every = self.tx.catalog.objects if self.obj is None else (self.obj,)
        return [one for one in every if self.tx.rights.may_read_object(one.id)]

    @property
    def is_partial(self) -> bool:
        """Whether there may be matches that the viewer does not see."""
        return not all(all_open(self.tx, one) for one in self._objects)

    @property
    def ranked(self) -> int:
        """How many matches are put in order, of those that the viewer sees."""
        return min(self.most_ranked, _LOOKED_AT) if self.is_partial else self.most_ranked


async def _loose_hits(search: _Search, hits: Sequence[Hit]) -> list[Hit]:
    """Give what mistyped words may mean. Where there are hits, numbers and addresses are meant."""
    words = search.words
    if hits and any("@" in word or any(c.isdigit() for c in word) for word in words):
        return []
    loose = await search.loosely()
    return await _hits(search.tx, _without(loose, hits), words, loosely=True)


def _without(candidates: dict[int, str], hits: Iterable[Hit]) -> dict[int, str]:
    known = {hit.id for hit in hits}
    return {number: txt for number, txt in candidates.items() if number not in known}


async def _hits(
    tx: Transaction, candidates: Mapping[int, str], words: Sequence[str], *, loosely: bool = False
) -> list[Hit]:
    """Load candidates and keep those that the words find in what the viewer may read."""
    if not candidates:
        return []
    found = await _load(tx, candidates)
    own_texts = {one.id: _readable_text(tx.rights, one) for one in found}
    if loosely:
        near = await _near(tx, words, own_texts)
        found = [one for one in found if one.id in near]
    names = await _names_beside(tx, found)
    hits = []
    for one in found:
        others = dict(_others(tx.rights, one, names))
        own = own_texts[one.id]
        score = _score(words, _name(tx.rights, one), own, others.values(), loosely=loosely)
        if score > 0:
            name = _name(tx.rights, one) or format_id(one.object.prefix, one.id)
            hits.append(Hit(one.object, one.id, name, others, score))
    return hits


async def _near(tx: Transaction, words: Sequence[str], texts: Mapping[RecordId, str]) -> set[int]:
    """Give the ids of texts that hold something like the words, as the index measures it.

    What was a candidate by what the viewer may not read is none.
    """
    said = {"words": " ".join(words), "ids": list(texts), "texts": list(texts.values())}
    return {row["id"] for row in await tx.rows(_NEAR, **said)}


@lru_cache(maxsize=_CACHED)
def _rows_of_heap(heap_name: str, tenant_id: int) -> Prepared:
    table = heap(heap_name)
    columns = ("id", "version", "owner_id", "data", "data_long")
    more = ("created_at", "updated_at", "deleted_at", "object_id")
    return prepare(
        select(*(table.c[name] for name in (*columns, *more))).where(
            table.c.tenant_id == inline(tenant_id),
            table.c.id == func.any(parameter("ids", ARRAY(BigInteger))),
            table.c.deleted_at.is_(None),
        )
    )


async def _load(tx: Transaction, ids: Iterable[int]) -> list[_Found]:
    """Load live records of any objects by id, one statement for each heap."""
    wanted = sorted(set(ids))
    heaps = {obj.heap for obj in tx.catalog.objects}
    found = []
    for name in sorted(heaps):
        for row in await tx.rows(_rows_of_heap(name, tx.tenant.id), ids=wanted):
            obj = tx.catalog.by_id.get(row["object_id"])
            if obj is not None and obj.heap == name and tx.rights.may_read_object(obj.id):
                record = stored_record(row)
                found.append(_Found(obj, record.id, record.data))
    seen = await _seen(tx, ((one.object, one.id) for one in found))
    return [one for one in found if one.id in seen]


async def _seen(tx: Transaction, records: Iterable[tuple[ObjectDef, int]]) -> set[int]:
    """Give the ids of those of these records that the viewer may see."""
    by_object: dict[ObjectDef, list[int]] = {}
    for obj, number in records:
        by_object.setdefault(obj, []).append(number)
    return {one for obj, ids in by_object.items() for one in await levels_of(tx, obj, ids)}


async def _names_beside(tx: Transaction, found: Sequence[_Found]) -> dict[str, str]:
    """Give the names of the records that hits point to, by the text of their id."""
    ids = {
        parse_id(text)[1]
        for one in found
        for of in _telling(tx.rights, one.object)
        if isinstance(text := one.data.get(of.key), str)
    }
    if not ids:
        return {}
    beside = await _load(tx, ids)
    return {format_id(one.object.prefix, one.id): _name(tx.rights, one) for one in beside}


def _telling(rights: Rights, obj: ObjectDef) -> Iterator[Field]:
    """Yield the references that say most of a record: the first few that point to one object."""
    readable = (of for of in obj.own_fields if rights.may_read_field(of.id))
    single = (of for of in readable if len(of.references) == 1 and of.slot is not None)
    for _, of in zip(range(_TELLING), single, strict=False):
        yield of


def _others(rights: Rights, one: _Found, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for of in _telling(rights, one.object):
        name = names.get(str(one.data.get(of.key)))
        if name:
            yield of.name, name


def _name(rights: Rights, one: _Found) -> str:
    title = one.object.title
    value = one.data.get(title.key)
    if value is None or not rights.may_read_field(title.id):
        return ""
    return title.type.show(title.type.decode(value), title.options)


def _readable_text(rights: Rights, one: _Found) -> str:
    """Give the text by which the viewer may find a record."""
    parts = [
        of.type.search_text(of.type.decode(value), of.options)
        for of in one.object.own_fields
        if of.searchable
        and rights.may_read_field(of.id)
        and (value := one.data.get(of.key)) is not None
    ]
    return fold(" ".join(parts))


def _score(
    words: Sequence[str], name: str, own: str, others: Iterable[str], *, loosely: bool
) -> float:
    """Rate a hit; 0 if the words do not find it, or only find what it points to."""
    beside = fold(" ".join(others))
    in_own = [word for word in words if word in own]
    found_all = len(in_own) == len(words) or all(word in own or word in beside for word in words)
    folded = fold(name)
    if in_own and found_all:
        return 100.0 + rate_name(folded, words)
    if not loosely:
        return 0.0
    return _word_by_word(words, f"{own} {beside}")


def _word_by_word(words: Sequence[str], text: str) -> float:
    """Give how like each word's nearest word is, on average; 0 if one has none that is near."""
    known = set(text.split())
    if not known:
        return 0.0
    best = [max(fuzz.ratio(word, other) for other in known) for word in words]
    return sum(best) / len(best) if min(best) >= _LEAST_LIKE else 0.0


def show_hits(hits: Iterable[Hit]) -> list[Json]:
    """Give hits as callers see them."""
    return [hit.show() for hit in hits]
