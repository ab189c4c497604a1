"""What forms of records write: records themselves, or declarations where records are metadata."""

from __future__ import annotations

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Holds, ObjectDef
from fieldstone.metadata.rights import SetupArea
from fieldstone.runtime.declared_records import declare_record, remove_record
from fieldstone.runtime.records.delete import delete
from fieldstone.runtime.records.draft import Outcome
from fieldstone.runtime.records.write import Incoming, write
from fieldstone.runtime.transactions import Transaction


def is_declared(obj: ObjectDef) -> bool:
    """Tell whether an object's records are declared rather than entered."""
    return obj.holds is Holds.METADATA


def may_write(tx: Transaction, obj: ObjectDef) -> bool:
    """Tell whether pages offer to write an object's records; settings are for who sets up."""
    return obj.holds is Holds.RECORDS or tx.rights.may_set_up(SetupArea.OBJECTS)


async def keep_record(tx: Transaction, obj: ObjectDef, incoming: Incoming) -> Outcome:
    """Write one record, or declare it. Raises what either raises."""
    if is_declared(obj):
        return await declare_record(tx, obj, incoming)
    [outcome] = await write(tx, obj, [incoming])
    return outcome


async def drop_record(tx: Transaction, obj: ObjectDef, number: RecordId) -> None:
    """Put one record into the bin, or take its declaration away. Raises what either raises."""
    if is_declared(obj):
        await remove_record(tx, obj, number)
    else:
        await delete(tx, obj, number)
