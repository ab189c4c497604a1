"""Records that are settings or metadata: who writes them, and whom settings hold for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fieldstone.errors import Forbidden
from fieldstone.ids import BadId, parse_id
from fieldstone.metadata.catalog import Holds, ObjectDef
from fieldstone.metadata.held_fields import EVERYBODY, PROFILE_SIGN, SETUP_OWNER
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.transactions import Transaction

USER: Final = "User"


class MetadataOnly(Forbidden):
    """A record that is part of the setup, written as if it were somebody's data."""

    code = "record.is_metadata"


def check_held(tx: Transaction, obj: ObjectDef) -> None:
    """Refuse to write records that are metadata, and settings to all who set nothing up.

    Raises MetadataOnly, Forbidden.
    """
    if obj.holds is Holds.RECORDS:
        return
    if obj.holds is Holds.METADATA:
        raise MetadataOnly(
            f"{obj.plural_label} are part of the setup.",
            hint="Change them as components of the kind metadata_record.",
        )
    if not tx.rights.may_set_up(SetupArea.OBJECTS):
        raise Forbidden(f"You may not change {obj.plural_label}: they are settings.")


def check_setup_owners(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Note settings that hold for nobody there is, and write the others' holders in one way."""
    if obj.holds is not Holds.SETTINGS:
        return
    field = obj.get_field(SETUP_OWNER)
    for draft in drafts:
        said = draft.value(field)
        if not isinstance(said, str):
            continue
        found = setup_owner(tx, said)
        if found is None:
            draft.refuse(
                "value.invalid",
                f"{said[:80]} is nobody that settings hold for.",
                field,
                f"It is {EVERYBODY}, {PROFILE_SIGN}Name of a profile, or the id of a user.",
            )
        else:
            draft.put(field, found)


def setup_owner(tx: Transaction, said: Json) -> str | None:
    """Give whom settings hold for, in the form in which it is kept; None for nobody."""
    text = str(said).strip()
    if fold(text) in (EVERYBODY, fold(tx.tenant.name)):
        return EVERYBODY
    if fold(text).startswith(PROFILE_SIGN):
        name = fold(text.partition(":")[2].strip())
        sets = tx.catalog.permission_sets.values()
        return next((f"{PROFILE_SIGN}{one.name}" for one in sets if fold(one.name) == name), None)
    users = tx.catalog.find_object(USER)
    try:
        prefix, _ = parse_id(text)
    except BadId:
        return None
    return text if users is not None and prefix == users.prefix else None
