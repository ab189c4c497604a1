"""What the keys of encrypted values are used for: how many values of which field are under each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fieldstone.runtime.encryption.opening import keyring_of
from fieldstone.runtime.encryption.rotating import FieldKeys, encryption_status
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key. is_there: whether the installation has it. made_on: None where nobody wrote it down.

    values, values_in_log: how many are under it. fields: those with some.
    """

    id: str
    is_current: bool
    is_there: bool
    made_on: date | None
    values: int
    values_in_log: int
    fields: tuple[FieldKeys, ...]


@dataclass(frozen=True, slots=True)
class AllKeyUse:
    """All keys, the current one first, and all encrypted fields."""

    keys: Sequence[KeyUse]
    fields: Sequence[FieldKeys]

    @property
    def left(self) -> int:
        """How many values of records are under another key than the current one."""
        return sum(key.values for key in self.keys if not key.is_current)


async def load_key_use(tx: Transaction) -> AllKeyUse:
    """Count what is under each key. Raises Forbidden, QueryTimeout."""
    fields, known = await encryption_status(tx), keyring_of(tx)
    used = {key for one in fields for key in (*one.records, *one.log)}
    ids = [*known.ids, *sorted(used.difference(known.ids))]
    keys = [
        KeyUse(
            one,
            one == known.current,
            one in known.ids,
            known.made_on(one),
            sum(field.records.get(one, 0) for field in fields),
            sum(field.log.get(one, 0) for field in fields),
            tuple(field for field in fields if one in field.records or one in field.log),
        )
        for one in ids
    ]
    return AllKeyUse(keys, fields)
