"""A mapping, proposed from what columns are called and from what they hold.

Every column and every target gets a score; the best pairs are taken first, one column to a target.
A column whose values its field cannot read is left out, however well its header fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from rapidfuzz import fuzz

from fieldstone.errors import FieldstoneError
from fieldstone.ids import BadId, parse_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.names import CUSTOM_SUFFIX, label_of
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.runtime.imports.mapping import (
    NAME_BY_PARTS,
    ColumnMapping,
    Target,
    parts_of,
    targets_of,
)
from fieldstone.runtime.imports.source import Source
from fieldstone.runtime.imports.synonyms import (
    NAME_SYNONYMS,
    PERSON_NAME_SYNONYMS,
    SYNONYMS,
)

ROWS_LOOKED_AT: Final = 20_000
VALUES_KEPT: Final = 100
_LEAST: Final = 0.6
_FEWEST_FIT: Final = 0.4
_FEWEST_VALUES: Final = 5
_NEARLY_ALL: Final = 0.9
_ALIKE: Final = 88.0
_SHORT: Final = 3
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")
_TELLING: Final = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "url": re.compile(r"(https?://|www\.)\S+\.\S+"),
}
"""What values of a column without a telling header must look like, by type of field."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it was looked at. values: some of them, each with how often it was seen."""

    place: int
    header: str
    values: Mapping[str, int]

    @property
    def filled(self) -> int:
        """How many values were looked at."""
        return sum(self.values.values())


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed. left_out: headers of the other columns, each with the reason."""

    mapping: tuple[ColumnMapping, ...]
    left_out: dict[str, str] = field(default_factory=dict)


def look_at(source: Source) -> list[Column]:
    """Collect values of every column: from the first rows, a hundred of each that are not alike."""
    seen: list[dict[str, int]] = [{} for _ in source.headers]
    for _, cells in islice(source.rows(), ROWS_LOOKED_AT):
        for kept, cell in zip(seen, cells, strict=False):
            text = cell.strip()
            if text in kept:
                kept[text] += 1
            elif text and len(kept) < VALUES_KEPT:
                kept[text] = 1
    return [Column(n, header, seen[n]) for n, header in enumerate(source.headers)]


def propose(obj: ObjectDef, columns: Sequence[Column], rights: Rights) -> Proposal:
    """Propose which column fills what."""
    targets = targets_of(obj, rights)
    phrases = {target: Phrases.of(obj, target) for target in targets}
    first = {target.field.type.name: target for target in reversed(targets)}
    doubtful: dict[int, str] = {}
    pairs: list[tuple[float, int, int]] = []
    for column in columns:
        for number, target in enumerate(targets):
            header = phrases[target].score(column.header)
            by_values = first[target.field.type.name] is target
            score = _score(column, target, header, by_values=by_values)
            if score >= _LEAST:
                pairs.append((-score, column.place, number))
            elif header >= _LEAST and column.filled:
                doubtful.setdefault(column.place, _doubt(column, target))
    chosen = _assign(pairs)
    found = [
        ColumnMapping(place, columns[place].header, targets[number], round(score, 2))
        for place, (number, score) in sorted(chosen.items())
    ]
    found = [*_own_id(obj, columns, chosen), *_tidy_parts(columns, found)]
    found = [one for one in found if not _said_by_parts(obj, one, found, doubtful)]
    return Proposal(tuple(found), dict(_left_out(columns, found, doubtful)))


def _assign(pairs: Iterable[tuple[float, int, int]]) -> dict[int, tuple[int, float]]:
    """Take the best pairs first; a column and a target are taken once."""
    chosen: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for score, place, number in sorted(pairs):
        if place not in chosen and number not in taken:
            chosen[place] = (number, -score)
            taken.add(number)
    return chosen


def _score(column: Column, target: Target, header: float, *, by_values: bool) -> float:
    """Score a pair; by_values: whether values alone may speak for the target."""
    if not column.filled:
        return 0.0
    if header < _LEAST:
        return _score_by_values(column, target) if by_values else 0.0
    fits = share_that_fits(column, target)
    return 0.0 if fits < _FEWEST_FIT else 0.75 * header + 0.25 * fits


def _score_by_values(column: Column, target: Target) -> float:
    """Only values that can hardly be anything else speak for a column that is called otherwise."""
    looks = _TELLING.get(target.field.type.name)
    if looks is None or column.filled < _FEWEST_VALUES:
        return 0.0
    alike = sum(n for value, n in column.values.items() if looks.fullmatch(value))
    enough = alike >= _NEARLY_ALL * column.filled
    return 0.62 if enough and share_that_fits(column, target) >= _NEARLY_ALL else 0.0


def share_that_fits(column: Column, target: Target) -> float:
    """Give the share of values that a target can read; a reference may be given by name."""
    if target.field.is_reference or not column.filled:
        return 1.0
    return sum(n for value, n in column.values.items() if _fits(target, value)) / column.filled


def _fits(target: Target, value: str) -> bool:
    of = target.field
    try:
        if target.part:
            of.type.accept({target.part: value}, of.options)
        else:
            of.type.parse(value, of.options)
    except FieldstoneError:
        return False
    return True


def words_of(header: str) -> str:
    """Give a header as plain words: FirstName, first_name and First name are all first name."""
    plain = header.removesuffix(CUSTOM_SUFFIX)
    return " ".join(fold(word) for word in _WORDS.findall(plain))


@dataclass(frozen=True, slots=True)
class Phrases:
    """What a column for a target may be called: as the target is, or as others call it."""

    own: frozenset[str]
    others: frozenset[str]

    @classmethod
    def of(cls, obj: ObjectDef, target: Target) -> Phrases:
        """Collect the phrases of a target."""
        if target.part:
            return cls(frozenset(), frozenset(_part_phrases(obj, target)))
        of = target.field
        own = {words_of(name) for name in (of.name, of.label, *of.aliases)}
        if of.is_reference:
            own |= {f"{words} id" for words in own}
        others = set(SYNONYMS.get(fold(of.name.removesuffix(CUSTOM_SUFFIX)), ()))
        if of is obj.title:
            others.update(_title_phrases(obj))
        return cls(frozenset(own), frozenset(others))

    def score(self, header: str) -> float:
        """Tell how well a header fits: 1 for the target's own name, 0 for nothing like it."""
        words = words_of(header)
        joined = words.replace(" ", "")
        if words in self.own:
            return 1.0
        if words in self.others:
            return 0.96
        if joined in {phrase.replace(" ", "") for phrase in self.own | self.others}:
            return 0.94
        every = self.own | self.others
        best = max((fuzz.ratio(words, phrase) for phrase in every), default=0.0)
        return 0.9 * best / 100 if best >= _ALIKE and len(words) > _SHORT else 0.0


def _title_phrases(obj: ObjectDef) -> Iterator[str]:
    derivation = obj.title.derivation
    is_person = derivation is not None and derivation.form == NAME_BY_PARTS
    yield from PERSON_NAME_SYNONYMS if is_person else NAME_SYNONYMS
    for name in (obj.name, obj.label, *obj.aliases):
        yield words_of(name)
        yield f"{words_of(name)} name"


def _part_phrases(obj: ObjectDef, target: Target) -> Iterator[str]:
    """A part is called by itself for the first such field; with a word of its field for others."""
    of = target.field
    plain = (words_of(label_of(target.part)), *SYNONYMS.get(target.part, ()))
    if next(one for one in obj.own_fields if parts_of(one) == parts_of(of)) is of:
        yield from plain
    for name in (of.name, of.label, *of.aliases):
        words = words_of(name)
        first = words.split()[0] if len(words.split()) > 1 else words
        yield from (f"{before} {phrase}" for before in {words, first} for phrase in plain)


def _tidy_parts(columns: Sequence[Column], found: list[ColumnMapping]) -> list[ColumnMapping]:
    """Let a column fill the whole where it holds it, and a part where others fill the rest."""
    return [replace(one, target=_tidy_target(columns, found, one)) for one in found]


def _tidy_target(
    columns: Sequence[Column], found: Sequence[ColumnMapping], one: ColumnMapping
) -> Target:
    of = one.target.field
    parts = parts_of(of)
    others = [other for other in found if other.target.field is of and other is not one]
    if parts and not one.target.part and others and parts[0] not in _parts(others):
        return Target(of, parts[0])
    if one.target.part == "street" and not others and _mostly_whole(columns[one.column]):
        return Target(of)
    return one.target


def _parts(mapping: Iterable[ColumnMapping]) -> set[str]:
    return {one.target.part for one in mapping}


def _mostly_whole(column: Column) -> bool:
    commas = sum(n for value, n in column.values.items() if "," in value or "\n" in value)
    return commas * 2 > column.filled


def _said_by_parts(
    obj: ObjectDef, one: ColumnMapping, found: Sequence[ColumnMapping], why_not: dict[int, str]
) -> bool:
    """Tell whether a column holds whole names that others hold in parts, which say it better."""
    derivation = one.target.field.derivation
    if derivation is None or derivation.form != NAME_BY_PARTS:
        return False
    parts = {obj.get_field(name) for name in derivation.fields}
    if not parts <= {other.target.field for other in found}:
        return False
    why_not[one.column] = f"{' and '.join(derivation.fields)} say it already."
    return True


def _own_id(
    obj: ObjectDef, columns: Sequence[Column], chosen: dict[int, tuple[int, float]]
) -> Iterator[ColumnMapping]:
    """A column Id with ids of the object's own records comes from an export."""
    for column in columns:
        is_id = fold(column.header) == "id" and column.place not in chosen
        if is_id and column.values and all(_is_own_id(obj, value) for value in column.values):
            yield ColumnMapping(column.place, column.header, Target(obj.by_name["id"]))


def _is_own_id(obj: ObjectDef, value: str) -> bool:
    try:
        return parse_id(value)[0] == obj.prefix
    except BadId:
        return False


def _doubt(column: Column, target: Target) -> str:
    wrong = [value for value in column.values if not _fits(target, value)]
    shown = wrong[0].splitlines()[0][:40]
    return f"Too few of its values fit {target.name}: {shown!r} does not."


def _left_out(
    columns: Sequence[Column], found: Sequence[ColumnMapping], doubtful: dict[int, str]
) -> Iterator[tuple[str, str]]:
    taken = {one.column for one in found}
    for column in columns:
        if column.place not in taken:
            reason = "No field is called that." if column.filled else "It has no values."
            yield column.header, doubtful.get(column.place, reason)
