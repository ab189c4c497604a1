"""Where values lie: keys that are never reused, slots that are lent, prefixes that are unique."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from secrets import token_hex
from types import MappingProxyType
from typing import Final

from fieldstone.ids import FieldId
from fieldstone.metadata.catalog import ObjectIndex
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.conversions import Instruction
from fieldstone.metadata.encrypted_bodies import ENCRYPTED, is_encrypted
from fieldstone.metadata.encryption import Encryption
from fieldstone.metadata.field_types.registry import get_field_type
from fieldstone.metadata.kinds.field import CALCULATED_BY, split_name
from fieldstone.metadata.kinds.registry import RECORD_TYPE
from fieldstone.metadata.moved_values import Remainder, moved_storage, reserved
from fieldstone.metadata.names import CUSTOM_SUFFIX
from fieldstone.metadata.slots import SlotKind, free_slot
from fieldstone.metadata.values import Json, fold

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_PREFIX_LENGTH: Final = 4
_SALT_BYTES: Final = 16
NONE_MOVED: Final[Mapping[int, Instruction | None]] = MappingProxyType({})
SALT: Final = "salt"
"""What an encrypted field's storage names that under which its keys follow from."""
RECORD_TYPE_KEY: Final = "key"
"""What a record type's storage names that under which records keep it."""
_TYPE_BYTES: Final = 6
SLOT_KEYS: Final = ("slot", "slot_filling", "slot_emptying")
"""What a field's storage names a slot under: one in use, being filled, being emptied."""


INDEXES: Final = "indexes"
"""What an object's storage names the indexes under that its own heap has beside those of slots."""


def indexes_in(storage: Mapping[str, Json]) -> tuple[ObjectIndex, ...]:
    """Give the indexes that an object's storage tells of, in order of name."""
    found = storage.get(INDEXES)
    if not isinstance(found, Mapping):
        return ()
    return tuple(_index(name, one) for name, one in sorted(found.items()))


def _index(name: str, body: Json) -> ObjectIndex:
    assert isinstance(body, Mapping)
    fields = body["fields"]
    assert isinstance(fields, list)
    numbers = tuple(FieldId(int(str(one))) for one in fields)
    return ObjectIndex(name, numbers, date.fromisoformat(str(body["made_on"])))


class StorageDesk:
    """Hands out keys, slots and prefixes for one plan, knowing all that was handed out before.

    What lies in the bin keeps what it has, so that it can come back. An object's last_key is the
    number of the last key it gave out; purge writes it down, since keys are never given twice.
    """

    def __init__(self, rows: Sequence[StoredComponent]) -> None:
        self._keys: dict[str, int] = {}
        self._slots: dict[str, set[str]] = {}
        self._prefixes: set[str] = set()
        for row in rows:
            if row.component.kind == "field":
                owner = fold(split_name(row.component.name)[0])
                kept = reserved(row.storage) or {}
                keys = (str(one["key"]) for one in (row.storage, kept) if "key" in one)
                number = max(int(key[1:], 36) for key in keys)
                self._keys[owner] = max(self._keys.get(owner, 0), number)
                lent = {str(row.storage[key]) for key in SLOT_KEYS if key in row.storage}
                lent |= {str(kept["slot"])} if "slot" in kept else set()
                self._slots.setdefault(owner, set()).update(lent)
            elif row.component.kind == "object":
                self._prefixes.add(str(row.storage.get("prefix")))
                owner, number = fold(row.component.name), int(str(row.storage.get("last_key", 0)))
                self._keys[owner] = max(self._keys.get(owner, 0), number)

    def assign(
        self,
        changes: Iterable[ComponentChange],
        moved: Mapping[int, Instruction | None] = NONE_MOVED,
    ) -> tuple[tuple[ComponentChange, ...], tuple[Remainder, ...]]:
        """Give the same changes, the new ones with storage; who needs a slot most chooses first.

        moved: the ids of fields whose values become others, with how. They get a new key, and
        leave what remains of them.
        """
        done = list(changes)
        for change in done:
            self._follow(change)
        new = [n for n, change in enumerate(done) if change.operation == "create"]
        for n in new:
            done[n] = replace(done[n], storage=self._storage(done[n].after))
        remainders = []
        for n, change in enumerate(done):
            if change.id in moved:
                assert change.before is not None
                storage, rest = moved_storage(change, moved[change.id])
                given = reserved(change.storage)
                lies = self._storage(change.after) if given is None else given
                done[n] = replace(change, storage={**storage, **lies})
                remainders.append(Remainder(_left(change), rest))
                if given is None:
                    new.append(n)
        fields = [n for n in new if (after := done[n].after) and after.kind == "field"]
        for n in sorted(fields, key=lambda n: (_need(done[n].after), n)):
            slot = self._slot(done[n].after)
            if slot is not None:
                done[n] = replace(done[n], storage={**done[n].storage, "slot": slot})
        return tuple(done), tuple(remainders)

    def _follow(self, change: ComponentChange) -> None:
        """Let an object that is renamed have under its new name what it gave out under the old."""
        before, after = change.before, change.after
        if before is None or after is None or after.kind != "object":
            return
        old, new = fold(before.name), fold(after.name)
        if old != new:
            self._keys[new] = max(self._keys.get(new, 0), self._keys.get(old, 0))
            self._slots.setdefault(new, set()).update(self._slots.get(old, ()))

    def _storage(self, component: Component | None) -> dict[str, Json]:
        assert component is not None
        if component.kind == "object":
            return {"prefix": self._prefix(component)}
        if component.kind == "field":
            owner = fold(split_name(component.name)[0])
            self._keys[owner] = self._keys.get(owner, 0) + 1
            given: dict[str, Json] = {"key": "f" + _base36(self._keys[owner])}
            # By chance rather than by number: a key must not be that of another installation.
            return given | ({SALT: token_hex(_SALT_BYTES)} if is_encrypted(component) else {})
        if component.kind == RECORD_TYPE.name:
            return {RECORD_TYPE_KEY: f"rectype_{token_hex(_TYPE_BYTES)}"}
        return {}

    def _slot(self, component: Component | None) -> str | None:
        assert component is not None
        kind = _slot_kind(component)
        calculated = any(component.body.get(key) is not None for key in CALCULATED_BY)
        if kind is None or calculated or component.body.get("indexed") is False:
            return None
        taken = self._slots.setdefault(fold(split_name(component.name)[0]), set())
        slot = free_slot(kind, taken)
        if slot is not None:
            taken.add(slot)
        return slot

    def _prefix(self, component: Component) -> str:
        asked = str(component.body.get("prefix") or "")
        letters = [c for c in fold(component.name.removesuffix(CUSTOM_SUFFIX)) if c.isalnum()]
        stem = asked or "".join(letters)[:_PREFIX_LENGTH]
        prefix, number = stem, 2
        while prefix in self._prefixes:
            prefix, number = f"{stem}{number}", number + 1
        self._prefixes.add(prefix)
        return prefix


def _left(change: ComponentChange) -> Component:
    """Give a field as it was, but called as it is from now on: its key and slot go by the name."""
    assert change.before is not None
    assert change.after is not None
    body = {**change.before.body, "object": change.after.body["object"]}
    return replace(change.before, name=change.after.name, body=body)


def _slot_kind(component: Component) -> SlotKind | None:
    if is_encrypted(component):
        likened = component.body[ENCRYPTED] == Encryption.DETERMINISTIC
        return SlotKind.TEXT if likened else None
    return get_field_type(str(component.body["type"])).slot


def _need(component: Component | None) -> int:
    """Rank fields by how likely they are filtered or sorted on; 0 chooses first."""
    assert component is not None
    body = component.body
    own = split_name(component.name)[1]
    if body.get("indexed") is True or fold(own) == "name":
        return 0
    if body.get("unique") or body.get("external_id"):
        return 1
    return 2 if _slot_kind(component) is not SlotKind.TEXT or "options" in body else 3


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
