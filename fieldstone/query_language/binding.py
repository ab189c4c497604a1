"""Names to fields: what a path in a query means to one viewer.

What the viewer may not read is treated as if it did not exist: the same error, and a hint that
is drawn from the visible names alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fieldstone.metadata.catalog import Catalog, ChildRelation, Field, ObjectDef
from fieldstone.metadata.names import keys_of, suggestion
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.errors import NotSupported, UnknownField, UnknownObject
from fieldstone.query_language.plan import FieldRef, SourceTable
from fieldstone.query_language.syntax import Path, Source

MAX_PARENTS: Final = 5
_RELATION_SUFFIX: Final = "__r"


def bind_object(path: Path, catalog: Catalog, rights: Rights) -> ObjectDef:
    """Give the object that a name in a query means. Raises UnknownObject."""
    found = catalog.find_object(path.text)
    if found is not None and rights.may_read_object(found.id):
        return found
    visible = (obj.name for obj in catalog.objects if rights.may_read_object(obj.id))
    raise UnknownObject(
        f"There is no object {path.text[:80]}.",
        at=path.span,
        hint=suggestion(path.text, visible),
    )


def bind_children(path: Path, parent: ObjectDef, catalog: Catalog, rights: Rights) -> ChildRelation:
    """Give the child relation that the FROM of a subquery means. Raises UnknownObject.

    It is called by its name, by the name of its object in the plural or the singular, or by
    name__r; in front of it may stand the name of the parent.
    """
    wanted = fold(path.names[-1]).removesuffix(_RELATION_SUFFIX)
    visible = [
        relation
        for relation in catalog.children_of(parent)
        if rights.may_read_object(relation.object.id) and rights.may_read_field(relation.field.id)
    ]
    for names in (_relation_names, _object_names):
        for relation in visible:
            if wanted in names(relation):
                return relation
    raise UnknownObject(
        f"{parent.label} has no children {path.text[:80]}.",
        at=path.span,
        hint=suggestion(path.names[-1], (relation.name for relation in visible)),
    )


def _relation_names(relation: ChildRelation) -> Iterator[str]:
    yield fold(relation.name).removesuffix(_RELATION_SUFFIX)


def _object_names(relation: ChildRelation) -> Iterator[str]:
    obj = relation.object
    yield from (fold(obj.slug), fold(obj.plural_label).replace(" ", "_"))
    for name in (obj.name, *obj.aliases):
        for key in keys_of(name):
            yield from (key, f"{key}s")


class Binder:
    """Binds the paths of one query and collects the parents that they go through.

    sources: the object that is asked, and behind it each parent once.
    """

    def __init__(self, catalog: Catalog, rights: Rights, obj: ObjectDef) -> None:
        self._catalog = catalog
        self._rights = rights
        self._aliases: dict[str, tuple[str, ...]] = {}
        self.sources: list[SourceTable] = [SourceTable(obj)]

    def name_source(self, source: Source, joins: tuple[Source, ...] = ()) -> None:
        """Take the aliases that FROM gives."""
        if source.alias is not None:
            self._aliases[fold(source.alias)] = ()
        for join in joins:
            names = self._own(join.path)
            self._aliases[fold(join.alias or names[-1])] = names

    def field(self, path: Path) -> FieldRef:
        """Give the field that a path means. Raises UnknownField."""
        *parents, name = self._own(path)
        if len(parents) > MAX_PARENTS:
            raise UnknownField(
                f"{path.text[:200]} goes through more than {MAX_PARENTS} parents.", at=path.span
            )
        place = 0
        for parent in parents:
            place = self._parent(place, parent, path)
        return FieldRef(place, self._visible_field(place, name, path))

    def parent_keys(self, path: Path) -> tuple[tuple[int, str], ...]:
        """Give the parents of a bound path: the place of each and the key it is shown under."""
        place, found = 0, []
        for name in self._own(path)[:-1]:
            key = self._relation_key(self.sources[place].object, name)
            place = self._parent(place, name, path)
            found.append((place, key))
        return tuple(found)

    def shown_key(self, path: Path, ref: FieldRef) -> str:
        """Give the key under which a field is shown: its name, or the alias that was written."""
        return _spelling(self._own(path)[-1], ref.field.name, ref.field.aliases)

    def visible_fields(self, place: int = 0) -> Iterator[Field]:
        """Yield the fields of a source that the viewer may read."""
        for field in self.sources[place].object.fields:
            if self._rights.may_read_field(field.id):
                yield field

    def _own(self, path: Path) -> tuple[str, ...]:
        """Give a path without the alias or the object's name in front of it."""
        first, *rest = path.names
        if fold(first) in self._aliases and rest:
            return (*self._aliases[fold(first)], *rest)
        obj = self.sources[0].object
        if rest and self._catalog.find_object(first) is obj and not self._relation(obj, first):
            return tuple(rest)
        return path.names

    def _visible_field(self, place: int, name: str, path: Path) -> Field:
        obj = self.sources[place].object
        found = obj.find_field(name)
        if found is not None and self._rights.may_read_field(found.id):
            return found
        visible = [field.name for field in self.visible_fields(place)]
        raise UnknownField(
            f"{obj.label} has no field {name[:80]}.", at=path.span, hint=suggestion(name, visible)
        )

    def _parent(self, place: int, name: str, path: Path) -> int:
        obj = self.sources[place].object
        field = self._relation(obj, name)
        targets = [] if field is None else self._targets(field)
        if field is None or not targets:
            known = (f.name for f in self.visible_fields(place) if self._targets(f))
            raise UnknownField(
                f"{obj.label} has no parent {name[:80]}.",
                at=path.span,
                hint=suggestion(name, known),
            )
        if len(targets) > 1:
            raise NotSupported(
                f"{field.label} points to records of several objects.",
                at=path.span,
                hint=f"Ask for {field.name} itself.",
            )
        wanted = SourceTable(targets[0], place, field)
        for number, source in enumerate(self.sources):
            if source.parent == place and source.reference is field:
                return number
        self.sources.append(wanted)
        return len(self.sources) - 1

    def _relation(self, obj: ObjectDef, name: str) -> Field | None:
        """Give the visible reference that a name in front of a point means."""
        bare = fold(name).removesuffix(_RELATION_SUFFIX)
        for spelling in (name, bare, f"{bare}__c", f"{bare}id", f"{bare}_id"):
            field = obj.find_field(spelling)
            if field is not None and field.references and self._rights.may_read_field(field.id):
                return field
        return None

    def _relation_key(self, obj: ObjectDef, name: str) -> str:
        field = self._relation(obj, name)
        assert field is not None, "the path was bound before"
        bare = fold(name).removesuffix(_RELATION_SUFFIX)
        return field.name if bare in keys_of(field.name) and not name.endswith("__r") else name

    def _targets(self, field: Field) -> list[ObjectDef]:
        return [
            self._catalog.by_id[target]
            for target in field.references
            if self._rights.may_read_object(target)
        ]


def _spelling(written: str, name: str, aliases: tuple[str, ...]) -> str:
    if fold(written) in keys_of(name):
        return name
    for alias in aliases:
        if fold(written) in keys_of(alias):
            return alias
    return name
