"""What the caller did not say is filled in: what was there, defaults, derived values."""

from __future__ import annotations

from collections.abc import Sequence

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.runtime.records.derivations import derive
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.transactions import Transaction


def fill(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Work out how each record will be, before anything is checked."""
    stored = [field for field in obj.own_fields if field.formula is None]
    defaults = {f.key: value for f in stored if (value := _default(f)) is not None}
    for draft in drafts:
        if draft.before is not None:
            draft.data.update(draft.before.data)
            draft.owner_id = draft.before.owner_id
        else:
            draft.data.update(defaults)
            draft.owner_id = tx.viewer.user_id
        for field, value in draft.given.items():
            if field.is_system:
                draft.owner_id = _owner(value)
            else:
                draft.put(field, value)
    derive(obj, drafts)


def _default(field: Field) -> Json:
    """Give the stored form of a field's default; the type may have one of its own."""
    if field.default is None:
        return field.type.default(field.options)
    return field.type.encode(field.type.accept(field.default, field.options))


def _owner(value: Json) -> int | None:
    return int(str(value).rpartition("_")[2], 16) if value else None
