"""What can be wrong with a wish about storage."""

from __future__ import annotations

from fieldstone.errors import Conflict, InvalidInput, Unavailable


class AlreadyThere(Conflict):
    """The object's records lie where they are to be brought."""

    code = "storage.already_there"


class StorageBusy(Conflict):
    """Records of the object are moved, or its slots filled or emptied, by another job."""

    code = "storage.busy"


class Overtaken(Conflict):
    """Work that cannot be ended: its object or field was deleted, or another job does it."""

    code = "storage.overtaken"


class NoSlotFree(Conflict):
    """All slots that could hold the field's values are lent to other fields."""

    code = "storage.no_slot_free"


class SlotNotPossible(InvalidInput):
    """A field that cannot have a slot, has one already, or cannot do without."""

    code = "storage.slot_not_possible"


class IndexNotPossible(InvalidInput):
    """An index that no heap of this object may have, or that is there already."""

    code = "storage.index_not_possible"


class IndexFailed(Conflict):
    """PostgreSQL could not make or drop an index; nothing of it is left."""

    code = "storage.index_failed"


class NoIndexer(Unavailable):
    """Nobody is running who may make indexes: only the owner of the database may."""

    code = "storage.no_indexer"


class NothingToUndo(Conflict):
    """Advice that was never applied, or was undone."""

    code = "storage.nothing_to_undo"


class WrongCount(Conflict):
    """The recycle bin holds another number of deletions than the caller confirmed."""

    code = "bin.wrong_count"
