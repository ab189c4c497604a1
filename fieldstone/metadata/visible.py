"""Objects and fields by the names that a viewer wrote, of those that the viewer may read.

What may not be read and what does not exist give the same error, and hints are drawn from what may
be read: neither tells that something is hidden.
"""

from __future__ import annotations

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef, UnknownField, UnknownObject
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import Rights


def visible_object(catalog: Catalog, rights: Rights, name: str) -> ObjectDef:
    """Give the object that a name or alias means if the viewer may see it. Raises UnknownObject."""
    found = catalog.find_object(name)
    if found is None or not rights.may_read_object(found.id):
        known = (obj.name for obj in catalog.objects if rights.may_read_object(obj.id))
        hint = suggestion(name, known)
        raise UnknownObject(f"There is no object {name[:80]}.", hint=hint)
    return found


def visible_field(obj: ObjectDef, rights: Rights, name: str, *, at: str | None = None) -> Field:
    """Give the field that a name means if the viewer may read it. Raises UnknownField.

    at: where in what the viewer sent the name stands.
    """
    found = obj.find_field(name)
    if found is None or not rights.may_read_field(found.id):
        hint = suggestion(name, (f.name for f in obj.fields if rights.may_read_field(f.id)))
        raise UnknownField(f"{obj.label} has no field {name[:80]}.", at=at, hint=hint)
    return found
