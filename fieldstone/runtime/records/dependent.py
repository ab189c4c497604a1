"""Picklists that depend on another field: which of their values its value allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json
from fieldstone.runtime.records.draft import Draft


def check_dependent(obj: ObjectDef, rights: Rights, drafts: Iterable[Draft]) -> None:
    """Note every picklist value that the value of its controlling field does not allow.

    What the controlling field holds, and what it is called, is for those who may read it.
    """
    dependent = _dependent(obj)
    for draft in drafts:
        for field in dependent:
            for one in _not_allowed(obj, draft, field):
                control = obj.get_field(field.options.controlled_by)
                by = draft.value(control)
                may_read = rights.may_read_field(control.id)
                why = f"while {control.label} is {by}" if may_read else "in this record"
                draft.refuse("value.dependent", f"{field.label} cannot be {one} {why}.", field)


def drop_defaults(obj: ObjectDef, drafts: Iterable[Draft]) -> None:
    """Leave out of new records what nobody said and their controlling fields do not allow."""
    dependent = _dependent(obj)
    for draft in drafts:
        for field in dependent:
            if field not in draft.given and any(_not_allowed(obj, draft, field)):
                draft.put(field, None)


def _dependent(obj: ObjectDef) -> list[Field]:
    return [one for one in obj.own_fields if getattr(one.options, "controlled_by", None)]


def _not_allowed(obj: ObjectDef, draft: Draft, field: Field) -> Iterator[Json]:
    """Yield the values of a field, one or several, that may not stand beside its control's."""
    value, by = draft.value(field), draft.value(obj.get_field(field.options.controlled_by))
    chosen = value if isinstance(value, list | tuple) else () if value is None else (value,)
    return (one for one in chosen if not field.options.allows(str(one), str(by)))
