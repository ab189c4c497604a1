"""The objects that a query asks, and the names that lead to them and to their fields.

What the viewer may not read is treated as if it did not exist: the same error, and a hint that
is drawn from the visible names alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Protocol

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.names import keys_of, suggestion
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.errors import NotSupported, UnknownField, masked_field
from fieldstone.query_language.plan import Guard, SourceTable
from fieldstone.query_language.relations import RELATION_SUFFIX, relation_of, targets_of
from fieldstone.query_language.syntax import Path, Source

MAX_SOURCES: Final = 60


class Guarding(Protocol):
    """Knows which records of objects the viewer may see."""

    def of(self, object_id: ObjectId) -> Guard | None:
        """Give the guard of an object's records; None where all of them may be seen."""
        ...


class Sources:
    """The sources of one query.

    sources: the object that is asked, and behind it each parent once. guards: knows which records
    the viewer may see; None where the system asks.
    """

    def __init__(
        self, catalog: Catalog, rights: Rights, obj: ObjectDef, guards: Guarding | None = None
    ) -> None:
        self._catalog = catalog
        self._rights = rights
        self._guards = guards
        self._aliases: dict[str, tuple[str, ...]] = {}
        self.sources: list[SourceTable] = [self._guarded(SourceTable(obj))]

    def name_source(self, source: Source, joins: tuple[Source, ...] = ()) -> None:
        """Take the aliases that FROM gives."""
        if source.alias is not None:
            self._aliases[fold(source.alias)] = ()
        for join in joins:
            names = self.own_names(join.path)
            self._aliases[fold(join.alias or names[-1])] = names

    def own_names(self, path: Path) -> tuple[str, ...]:
        """Give a path without the alias or the object's name in front of it."""
        first, *rest = path.names
        if fold(first) in self._aliases and rest:
            return (*self._aliases[fold(first)], *rest)
        obj = self.sources[0].object
        names_object = bool(rest) and self._catalog.find_object(first) is obj
        if names_object and relation_of(obj, first, self._rights) is None:
            return tuple(rest)
        return path.names

    def fields(
        self, places: tuple[int, ...], name: str, path: Path, *, shown: bool = False
    ) -> tuple[tuple[int, Field], ...]:
        """Give the field of a name in each of the sources that has it.

        shown: whether it is only to be shown, be it behind its mask. Raises UnknownField, and
        MaskedField for one that could only be shown.
        """
        rights = self._rights
        named = tuple(
            (place, field)
            for place in places
            if (field := self.sources[place].object.find_field(name)) is not None
            and rights.may_show_field(field.id)
        )
        found = tuple(
            (place, field) for place, field in named if shown or rights.may_read_field(field.id)
        )
        if found:
            return found
        obj = self.sources[places[0]].object
        if named:
            raise masked_field(named[0][1].label, path.span)
        visible = [field.name for place in places for field in self.visible_fields(place)]
        raise UnknownField(
            f"{obj.label} has no field {name[:80]}.", at=path.span, hint=suggestion(name, visible)
        )

    def parents(self, places: tuple[int, ...], name: str, path: Path) -> tuple[int, ...]:
        """Give the places of what a reference of some sources points to. Raises UnknownField."""
        found = [
            self.place_of(SourceTable(target, place, field))
            for place in places
            if (field := relation_of(self.sources[place].object, name, self._rights)) is not None
            for target in targets_of(field, self._catalog, self._rights)
        ]
        if len(self.sources) > MAX_SOURCES:
            raise NotSupported("The query reaches too many objects.", at=path.span)
        if found:
            return tuple(found)
        obj = self.sources[places[0]].object
        fields = (field for place in places for field in self.visible_fields(place))
        known = (f.name for f in fields if targets_of(f, self._catalog, self._rights))
        raise UnknownField(
            f"{obj.label} has no parent {name[:80]}.", at=path.span, hint=suggestion(name, known)
        )

    def relation_key(self, places: tuple[int, ...], name: str) -> str:
        """Give the key under which a parent is shown: the field's name, or the relation's."""
        fields = (relation_of(self.sources[place].object, name, self._rights) for place in places)
        field = next(found for found in fields if found is not None)
        bare = fold(name).removesuffix(RELATION_SUFFIX)
        return field.name if bare in keys_of(field.name) and not name.endswith("__r") else name

    def field_key(self, name: str, field: Field) -> str:
        """Give the key under which a field is shown: its name, or the alias that was written."""
        return _spelling(name, field.name, field.aliases)

    def visible_fields(self, place: int = 0) -> Iterator[Field]:
        """Yield the fields of a source that the viewer may read."""
        for field in self.sources[place].object.fields:
            if self._rights.may_read_field(field.id):
                yield field

    def shown_fields(self, place: int = 0) -> Iterator[Field]:
        """Yield the fields of a source that the viewer is shown, those behind a mask included."""
        for field in self.sources[place].object.fields:
            if self._rights.may_show_field(field.id):
                yield field

    def place_behind(self, place: int, step: Field) -> int:
        """Give the place of the parent that a reference of a source points to."""
        return self.place_of(SourceTable(self._catalog.by_id[step.references[0]], place, step))

    def place_of(self, wanted: SourceTable) -> int:
        """Give the place of a source, made where it is missing."""
        for number, source in enumerate(self.sources):
            if (
                source.parent == wanted.parent
                and source.reference is wanted.reference
                and source.object is wanted.object
                and source.user is wanted.user
            ):
                return number
        self.sources.append(self._guarded(wanted))
        return len(self.sources) - 1

    def _guarded(self, wanted: SourceTable) -> SourceTable:
        """Give a source with what keeps it to the records that the viewer may see.

        People may see their own record, whatever they may see of others.
        """
        if self._guards is None or wanted.user is not None:
            return wanted
        return replace(wanted, guard=self._guards.of(wanted.object.id))


def _spelling(written: str, name: str, aliases: tuple[str, ...]) -> str:
    if fold(written) in keys_of(name):
        return name
    for alias in aliases:
        if fold(written) in keys_of(alias):
            return alias
    return name
