"""Finds the double of a record among those it was told of, without comparing all pairs.

Records are filed under blocking keys; only those that share one are compared, and a key that a
hundred records have tells nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from fieldstone.intelligence.matching.features import Features, blocking_keys, features_of
from fieldstone.intelligence.matching.roles import Role, Roles, roles_of
from fieldstone.intelligence.matching.scoring import compare
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import fold
from fieldstone.runtime.imports.matcher import Known, Match, Matching, brings_nothing
from fieldstone.runtime.records.draft import Data
from fieldstone.runtime.records.store import slot_value

REVIEW: Final = 0.8
CERTAIN: Final = 0.98
_MOST_PER_KEY: Final = 100
_MOST_COMPARED: Final = 200
_CERTAINTY_KEYS: Final = ("e ", "i ", "n ", "j ")
"""Beginnings of keys that tell enough to be followed however many records share them."""


class RecordMatcher:
    """Begins matchings, which last for one import each."""

    def begin(self, obj: ObjectDef, mapped: Collection[Field]) -> Matching:
        """Give an empty matching for an object. mapped: the fields that the file fills."""
        roles = roles_of(obj, mapped)
        return LikenessMatching(roles) if roles.is_fuzzy else EqualMatching(obj, mapped)


class EqualMatching:
    """Finds records that say all that a newcomer says, where likeness means nothing."""

    def __init__(self, obj: ObjectDef, mapped: Collection[Field]) -> None:
        slotted = [of for of in mapped if of.slot is not None and of.type.slot is SlotKind.TEXT]
        title = obj.title
        self._by = title if title in mapped and title.key else next(iter(slotted), title)
        self._filed: dict[str, dict[Known, None]] = {}

    def remember(self, known: Known) -> None:
        """Let newcomers be compared with this one from now on."""
        self._filed.setdefault(self._key(known.data), {})[known] = None

    def forget(self, known: Known) -> None:
        """Take back what was remembered."""
        key = self._key(known.data)
        filed = self._filed.get(key, {})
        filed.pop(known, None)
        if not filed:
            self._filed.pop(key, None)

    def forget_all(self) -> None:
        """Begin anew."""
        self._filed.clear()

    def find(self, data: Data) -> Match | None:
        """Give a record that has every value of a newcomer; None if there is none."""
        for known in self._filed.get(self._key(data), ()):
            if brings_nothing(data, known.data):
                return Match(known, 1.0, certain=True, reasons=("the same values",))
        return None

    def lookups(self, newcomers: Sequence[Data]) -> Mapping[Field, Collection[str]]:
        """Give the slot values under which equals are stored, if there is a slot."""
        return _lookups([self._by] if self._by.slot is not None else [], newcomers)

    def _key(self, data: Data) -> str:
        return fold(str(data.get(self._by.key)))


class LikenessMatching:
    """Finds records that probably stand for the same person, firm or place as a newcomer."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._people = roles.title is Role.PERSON
        self._slotted = [of for of in (roles.obj.title, *roles.name_fields) if of.slot is not None]
        self._slotted += [of for of, _ in roles.fields if of.slot is not None]
        self._filed: dict[str, dict[Known, Features]] = {}
        self._latest: tuple[Data, Features] = ({}, Features())

    def remember(self, known: Known) -> None:
        """Let newcomers be compared with this one from now on."""
        features = self._features(known.data)
        for key in blocking_keys(features):
            self._filed.setdefault(key, {})[known] = features

    def forget(self, known: Known) -> None:
        """Take back what was remembered."""
        for key in blocking_keys(self._features(known.data)):
            filed = self._filed.get(key)
            if filed is not None:
                filed.pop(known, None)
                if not filed:
                    del self._filed[key]

    def forget_all(self) -> None:
        """Begin anew."""
        self._filed.clear()

    def find(self, data: Data) -> Match | None:
        """Give the most likely double of a newcomer; None if none is likely."""
        features = self._features(data)
        candidates = self._candidates(features)
        equal = next((known for known in candidates if brings_nothing(data, known.data)), None)
        if equal is not None:
            return Match(equal, 1.0, certain=True, reasons=("the same values",))
        scored = (
            (compare(features, other, people=self._people), known)
            for known, other in candidates.items()
        )
        score, known = max(scored, key=lambda one: one[0].confidence, default=(None, None))
        if score is None or known is None or score.confidence < REVIEW:
            return None
        certain = score.certain and score.confidence >= CERTAIN
        brings = self._brings(data, known.data)
        # What is not the same in every telling value is never shown as if it were.
        confidence = score.confidence if certain else min(score.confidence, 0.97)
        return Match(known, confidence, certain, score.reasons, brings)

    def lookups(self, newcomers: Sequence[Data]) -> Mapping[Field, Collection[str]]:
        """Give, for fields with a slot, the slot values under which doubles may be stored."""
        return _lookups(self._slotted, newcomers)

    def _features(self, data: Data) -> Features:
        """Work out the features of a record; a newcomer is mostly remembered right after."""
        if self._latest[0] is not data:
            self._latest = (data, features_of(self._roles, data))
        return self._latest[1]

    def _candidates(self, features: Features) -> dict[Known, Features]:
        """Give those that share a key, those of telling and rare keys first."""
        found: dict[Known, Features] = {}
        keys = blocking_keys(features)
        groups = [(key, self._filed[key]) for key in keys if key in self._filed]
        groups.sort(key=lambda group: (not group[0].startswith(_CERTAINTY_KEYS), len(group[1])))
        for key, filed in groups:
            if len(filed) <= _MOST_PER_KEY or key.startswith(_CERTAINTY_KEYS):
                found.update(filed)
            if len(found) >= _MOST_COMPARED:
                break
        return found

    def _brings(self, data: Data, known: Data) -> frozenset[str]:
        """Give the keys of values that the newcomer has and the known one lacks or has otherwise.

        Telling fields were found the same, however they are written, and bring nothing.
        """
        telling = {of.key for of, _ in self._roles.fields}
        telling |= {self._roles.obj.title.key, *(of.key for of in self._roles.name_fields)}
        return frozenset(
            key
            for key, value in data.items()
            if key not in known or (key not in telling and known[key] != value)
        )


def _lookups(
    slotted: Iterable[Field], newcomers: Sequence[Data]
) -> Mapping[Field, Collection[str]]:
    return {
        of: {
            value for data in newcomers for value in _spellings(of, data) if isinstance(value, str)
        }
        for of in slotted
    }


def _spellings(of: Field, data: Data) -> Iterable[object]:
    """Give the slot values under which an equal value may be stored: a phone also by its end."""
    value = data.get(of.key)
    if value is None:
        return
    plain = slot_value(of, value)
    yield plain
    if of.type.name == "phone" and isinstance(plain, str):
        for length in (10, 7):
            if len(plain) > length:
                yield plain[-length:]
        if len(plain) == 10:
            yield f"1{plain}"
