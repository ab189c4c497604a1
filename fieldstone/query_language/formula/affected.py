"""Which formulas a metadata change may have touched: those that need to be checked again.

A formula's own field or rule has changed, or it says a name of what has: of a field, an object, a
child relation or a setting. That name may mean something else where it stands; then it is checked
in vain. A calculated field that is checked counts as changed itself: with it those who use it may
get too large.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Final, TypeAlias

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef, ValidationRule
from fieldstone.metadata.names import keys_of
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.held_values import METADATA_RECORD

Place: TypeAlias = tuple[str, str]
"""The names of an object and of a field or rule of it."""

_WORD: Final = re.compile(r"\w+")
_ORGANIZATION: Final = "organization"
_TEXTS_KEPT: Final = 4_000
_ENDINGS: Final = ("__r", "__c", "_id", "id")
_UNTOLD: Final = frozenset({"slot", "filling", "label", "description", "help"})
"""What of a field is nothing to its formulas and to those that name it."""
_TOLD: Final = attrgetter(*(part.name for part in fields(Field) if part.name not in _UNTOLD))
_OF_OBJECT: Final = attrgetter("name", "aliases", "name_field")


@dataclass(frozen=True, slots=True)
class Affected:
    """The fields and the rules whose formulas are to be checked."""

    fields: frozenset[Place]
    rules: frozenset[Place]


def affected(after: Catalog, before: Catalog, named: Iterable[Place] = ()) -> Affected:
    """Give what a change from one catalog to another may have touched.

    named: kind and folded name of components that are to be checked in any case.
    """
    now, was = _fields_of(after), _fields_of(before)
    asked = frozenset(named)
    own = {place for place, field in now.items() if _differs(field, was.get(place))}
    own |= {place for place in now if ("field", fold(".".join(place))) in asked}
    said = {place: texts for place, field in now.items() if (texts := formula_texts(field))}
    words = set(_roots(_names_of_changes(after, before, own | (was.keys() - now.keys()))))
    found = own & said.keys()
    while more := _who_say(words, said, found):
        found |= more
        words.update(_roots(name for place in more for name in _names_of_field(now[place])))
    return Affected(frozenset(found), frozenset(_rules(after, before, words, asked)))


def formula_texts(field: Field) -> tuple[str, ...]:
    """Give every text of a field that names others."""
    texts = [field.default_formula, field.visible_if, field.required_if]
    if field.formula is not None:
        texts.append(field.formula.text)
    if field.roll_up is not None:
        texts += [field.roll_up.children, field.roll_up.field, field.roll_up.where]
    return tuple(text for text in texts if text)


def _fields_of(catalog: Catalog) -> dict[Place, Field]:
    return {(obj.name, field.name): field for obj in catalog.objects for field in obj.own_fields}


def _differs(field: Field, other: Field | None) -> bool:
    return other is None or _TOLD(field) != _TOLD(other)


def _who_say(words: set[str], said: dict[Place, tuple[str, ...]], found: set[Place]) -> set[Place]:
    """Give whose texts say one of these words, but for those that are found already."""
    return {
        place
        for place, texts in said.items()
        if place not in found and any(not _words_of(text).isdisjoint(words) for text in texts)
    }


def _names_of_changes(after: Catalog, before: Catalog, places: set[Place]) -> Iterator[str]:
    """Yield the names, now and before, of what differs. places: of the fields that do."""
    yield from _names_of_settings(after, before)
    for one, other in ((after, before), (before, after)):
        for place, field in _fields_of(one).items():
            if place in places:
                yield from _names_of_field(field)
        known = _relations_of(other)
        for relation, name in _relations_of(one).items():
            if known.get(relation) != name or relation in places:
                yield name
        for obj in one.objects:
            same = other.by_id.get(obj.id)
            if same is None or _OF_OBJECT(obj) != _OF_OBJECT(same):
                yield from _names_of_object(obj)


def _names_of_settings(after: Catalog, before: Catalog) -> Iterator[str]:
    """Yield the names of the settings that differ, as formulas say them behind their group."""
    for key in after.settings.keys() | before.settings.keys():
        if after.settings.get(key) != before.settings.get(key):
            yield key.rpartition(".")[2]
    if after.organization != before.organization:
        yield _ORGANIZATION
    records = after.declared.get(METADATA_RECORD, {}), before.declared.get(METADATA_RECORD, {})
    for key in records[0].keys() | records[1].keys():
        if (one := records[0].get(key)) is None or (other := records[1].get(key)) is None:
            yield key.rpartition(".")[2]
        elif one.body != other.body:
            yield one.name


def _relations_of(catalog: Catalog) -> dict[Place, str]:
    """Give the names of child relations, by their references."""
    return {
        (relation.object.name, relation.field.name): relation.name
        for relations in catalog.children.values()
        for relation in relations
    }


def _names_of_field(field: Field) -> Iterator[str]:
    return (key for name in (field.name, *field.aliases) for key in keys_of(name))


def _names_of_object(obj: ObjectDef) -> Iterator[str]:
    return (key for name in (obj.name, *obj.aliases) for key in keys_of(name))


def _rules(
    after: Catalog, before: Catalog, words: set[str], asked: frozenset[Place]
) -> Iterator[Place]:
    """Yield the rules that are new, say something else than before, or say one of these words."""
    known = {place: rule.condition for place, rule in _rules_of(before)}
    for place, rule in _rules_of(after):
        if (
            known.get(place) != rule.condition
            or not _words_of(rule.condition).isdisjoint(words)
            or ("validation_rule", fold(".".join(place))) in asked
        ):
            yield place


def _rules_of(catalog: Catalog) -> Iterator[tuple[Place, ValidationRule]]:
    for object_id, rules in catalog.validation_rules.items():
        for rule in rules:
            yield (catalog.by_id[object_id].name, rule.name), rule


@lru_cache(maxsize=_TEXTS_KEPT)
def _words_of(text: str) -> frozenset[str]:
    """Give the names that a text may say, in the form of _roots."""
    return frozenset(_roots(_WORD.findall(text)))


def _roots(names: Iterable[str]) -> Iterator[str]:
    """Yield names folded, without the endings that a path may add or leave out, and with them."""
    for name in names:
        found = fold(name)
        yield found
        for ending in _ENDINGS:
            if found.endswith(ending) and len(found) > len(ending):
                found = found.removesuffix(ending)
                yield found
