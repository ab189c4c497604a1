"""What can be wrong with a wish about storage."""

from __future__ import annotations

from fieldstone.errors import Conflict, InvalidInput


class AlreadyThere(Conflict):
    """The object's records lie where they are to be brought."""

    code = "storage.already_there"


class StorageBusy(Conflict):
    """Records of the object are moved, or its slots filled or emptied, by another job."""

    code = "storage.busy"


class MoveOff(Conflict):
    """A move that cannot be ended, because the object was deleted or the move taken over."""

    code = "storage.move_off"


class NoSlotFree(Conflict):
    """All slots that could hold the field's values are lent to other fields."""

    code = "storage.no_slot_free"


class SlotNotPossible(InvalidInput):
    """A field that cannot have a slot, has one already, or cannot do without."""

    code = "storage.slot_not_possible"


class WrongCount(Conflict):
    """The recycle bin holds another number of deletions than the caller confirmed."""

    code = "bin.wrong_count"
