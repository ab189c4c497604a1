"""Whether the viewer may see and edit records, asked in the transaction that writes them.

The condition is that of every query (query_language/guards.py), so that what a list shows and what
a write takes to be there never differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from fieldstone.errors import Forbidden
from fieldstone.ids import RecordId, format_id, parse_id
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.record_access import RecordAccess
from fieldstone.metadata.sharing import Level
from fieldstone.query_language.open_records import RECORDS, open_records
from fieldstone.query_language.plan import Parameter
from fieldstone.runtime.moments import moment_of
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.statements import Prepared, prepare
from fieldstone.runtime.transactions import Transaction

_Known = tuple[Prepared, tuple[Parameter, ...]] | None
_STATEMENTS: Final[PerCatalog[_Known]] = PerCatalog(2_000)
_ALWAYS: Final = Level.EDIT
ASK_FOR_IT: Final = "Ask its owner to share it with you for editing."


class NotEditable(Forbidden):
    """A record that the viewer may see, and no more."""

    code = "record.not_editable"


async def levels_of(tx: Transaction, obj: ObjectDef, ids: Iterable[int]) -> Mapping[int, Level]:
    """Give how much the viewer may do with each of these records; those unseen are left out.

    Records in the bin are told of as well, as they were when they went there. Ids of no records
    may be among what is given where all records of an object are open.
    """
    return await levels_under(tx, tx.rights.record_access, obj, ids)


async def levels_under(
    tx: Transaction, access: RecordAccess, obj: ObjectDef, ids: Iterable[int]
) -> Mapping[int, Level]:
    """Give what levels_of gives, as if the viewer had this access and owned nothing else.

    An access without principals opens nothing to the viewer as themselves.
    """
    wanted = sorted(set(ids))
    known = _statement(tx.catalog, access, obj) if wanted else None
    if known is None:
        return dict.fromkeys(wanted, _ALWAYS)
    statement, parameters = known
    user = tx.viewer.user_id if access.principals else None
    moment = replace(moment_of(tx), access=access, user_id=user)
    values = {one.name: one.read(0, moment) for one in parameters}
    rows = await tx.rows(statement, **{RECORDS: wanted}, **values)
    return {row["id"]: Level.EDIT if row["editable"] else Level.READ for row in rows}


async def seen_of(tx: Transaction, obj: ObjectDef, ids: Iterable[int]) -> set[RecordId]:
    """Give those of these records that the viewer may see."""
    return {RecordId(number) for number in await levels_of(tx, obj, ids)}


async def count_seen(tx: Transaction, obj: ObjectDef, ids: Iterable[int]) -> int:
    """Count those of these records that the viewer may see, of whatever object they are."""
    return len(await seen_of(tx, obj, ids)) if tx.rights.may_read_object(obj.id) else 0


def refuse_reader(obj: ObjectDef, draft: Draft) -> None:
    """Note that a record may be seen alone."""
    text = format_id(obj.prefix, draft.id)
    message = f"You may see {obj.label} {text}, but not change it."
    draft.refuse(NotEditable.code, message, None, ASK_FOR_IT)


async def check_level(
    tx: Transaction, obj: ObjectDef, record_id: RecordId, wanted: Level = Level.EDIT
) -> bool:
    """Tell whether the viewer sees a record. Raises NotEditable where more is wanted than that."""
    level = (await levels_of(tx, obj, [record_id])).get(record_id)
    if level is not None and level < wanted:
        text = format_id(obj.prefix, record_id)
        raise NotEditable(f"You may see {obj.label} {text}, but not change it.", hint=ASK_FOR_IT)
    return level is not None


async def check_wholes(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Note every part that the viewer puts into a whole which they may see alone.

    Who sees a part is decided by the whole: whoever may not change it adds nothing to it.
    """
    grants = tx.rights.record_access.of(obj.id, Level.EDIT)
    master = obj.master
    if grants is None or grants.parent is None or master is None:
        return
    above = tx.catalog.by_id[grants.parent]
    moved = [
        (draft, parse_id(str(value))[1])
        for draft in drafts
        if master in draft.given and draft.changes(master) and (value := draft.value(master))
    ]
    levels = await levels_of(tx, above, [number for _, number in moved])
    for draft, number in moved:
        if levels.get(number) is Level.READ:
            text = format_id(above.prefix, number)
            message = f"You may see {above.label} {text}, but not add to it."
            draft.refuse(NotEditable.code, message, master, ASK_FOR_IT)


def all_open(tx: Transaction, obj: ObjectDef) -> bool:
    """Tell whether the viewer may see all records of an object."""
    return tx.rights.record_access.of(obj.id, Level.READ) is None


def _statement(catalog: Catalog, access: RecordAccess, obj: ObjectDef) -> _Known:
    if not access.grants:
        return None

    def make() -> _Known:
        found = open_records(catalog, access, obj)
        return None if found is None else (prepare(found.statement), found.parameters)

    return _STATEMENTS.get(catalog, (access.digest, obj.id), make)
