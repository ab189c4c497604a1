"""FIELDS(ALL) shows all fields of a kind, FIELDS('Card') those that a field set names."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.kinds.registry import FIELD_SET
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.binding import Binder
from fieldstone.query_language.checks import in_group
from fieldstone.query_language.errors import UnknownField
from fieldstone.query_language.shown import ShownMembers
from fieldstone.query_language.shown_paths import find_paths
from fieldstone.query_language.syntax import FIELD_GROUPS, FieldGroup, Path


def add_group(
    item: FieldGroup, shown: ShownMembers, binder: Binder, catalog: Catalog, rights: Rights
) -> None:
    """Show the fields that FIELDS stands for. Raises UnknownField."""
    if item.name in FIELD_GROUPS:
        for field in binder.shown_fields():
            if in_group(field, item.name):
                shown.add(field.name, binder.ref(0, field))
        return
    for path in paths_of_set(item, binder.sources[0].object, catalog, rights):
        shown.add_path(path)


def paths_of_set(
    item: FieldGroup, obj: ObjectDef, catalog: Catalog, rights: Rights
) -> Iterator[Path]:
    """Yield the fields of a set, without what the viewer may not see. Raises UnknownField."""
    declared = catalog.find_declared(FIELD_SET.name, f"{obj.name}.{item.name}")
    if declared is None:
        known = (one.name for one in catalog.declared_for(FIELD_SET.name, obj))
        message = f"{obj.label} has no field set {item.name[:80]}."
        raise UnknownField(message, at=item.span, hint=suggestion(item.name, known))
    for one in find_paths(obj, declared.body.fields, catalog, rights):
        yield Path(one.names, item.span)
