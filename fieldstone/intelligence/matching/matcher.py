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
        return RecordMatching(roles_of(obj, mapped), mapped)


class RecordMatching:
    """The records of one object that newcomers are compared with."""

    def __init__(self, roles: Roles, mapped: Collection[Field]) -> None:
        self._roles = roles
        self._people = roles.title is Role.PERSON
        self._slotted = [of for of in (roles.obj.title, *roles.name_fields) if of.slot is not None]
        self._slotted += [of for of, _ in roles.fields if of.slot is not None]
        self._mapped = mapped
        self._filed: dict[str, dict[Known, Features]] = {}

    @property
    def is_fuzzy(self) -> bool:
        """Whether likeness is judged at all; else only equals are found."""
        return self._roles.is_fuzzy

    def remember(self, known: Known) -> None:
        """Let newcomers be compared with this one from now on."""
        features = features_of(self._roles, known.data)
        for key in self._keys(features):
            self._filed.setdefault(key, {})[known] = features

    def forget(self, known: Known) -> None:
        """Take back what was remembered."""
        for key in self._keys(features_of(self._roles, known.data)):
            filed = self._filed.get(key)
            if filed is not None:
                filed.pop(known, None)
                if not filed:
                    del self._filed[key]

    def find(self, data: Data) -> Match | None:
        """Give the most likely double of a newcomer; None if none is likely."""
        features = features_of(self._roles, data)
        candidates = self._candidates(features)
        equal = next((known for known in candidates if brings_nothing(data, known.data)), None)
        if equal is not None:
            return Match(equal, 1.0, certain=True, reasons=("the same values",))
        if not self.is_fuzzy:
            return None
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
        found: dict[Field, set[str]] = {}
        for of in self._slotted:
            values = {
                value
                for data in newcomers
                for value in _spellings(of, data)
                if isinstance(value, str)
            }
            found[of] = values
        return found

    def _keys(self, features: Features) -> Iterable[str]:
        if self.is_fuzzy:
            return blocking_keys(features)
        return (f"n {features.whole}",)

    def _candidates(self, features: Features) -> dict[Known, Features]:
        """Give those that share a key, those of telling and rare keys first."""
        found: dict[Known, Features] = {}
        groups = [(key, self._filed[key]) for key in self._keys(features) if key in self._filed]
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
