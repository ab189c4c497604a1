"""Three-way merging of sets of components: what comes, what is there, and what both came of.

Upgrades of packages and merges of branches are worked out here. What both sides changed, and not
alike, is a conflict with a key by which one side is chosen; until then, what is there stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import OBJECT, OWNED, RELATION
from fieldstone.metadata.merging import MISSING, Choice, Clash, Missing, Side, merge_bodies
from fieldstone.metadata.values import JsonObject, write_json

Key = tuple[str, str]
Components = Mapping[Key, Component]
Choices = Mapping[str, Choice]
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Conflict:
    """What both sides changed, and not alike.

    key: kind, colon and name, and for a part of the body #, and its place. choice: how it is
    settled; None as long as it is not.
    """

    key: str
    component: Component
    clash: Clash
    message: str
    choice: Choice | None = None

    def as_json(self) -> JsonObject:
        """Give it as callers see it; a side that has nothing there is left out."""
        sides = {"base": self.clash.base, "theirs": self.clash.theirs, "ours": self.clash.ours}
        return {
            "key": self.key,
            "kind": self.component.kind,
            "name": self.component.name,
            "at": self.clash.at,
            "message": self.message,
            "choice": self.choice,
            **{name: value for name, value in sides.items() if not isinstance(value, Missing)},
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has to be made, changed and removed so that what is there becomes what was merged.

    creates: in the order in which they came. again: those of them that were removed here before.
    """

    creates: tuple[Component, ...] = ()
    changes: tuple[Component, ...] = ()
    removals: tuple[Key, ...] = ()
    again: frozenset[Key] = frozenset()
    conflicts: tuple[Conflict, ...] = ()


def merge_components(
    base: Components, theirs: Components, ours: Components, choices: Choices
) -> Outcome:
    """Merge what comes into what is there.

    ours may hold more than came of the base; that is left alone unless something of the same key
    comes. choices: the side that is chosen, by the keys of conflicts.
    """
    merge = _Merge(base, theirs, ours, choices)
    # Objects first: what belongs to one that is not wanted here is not wanted either.
    keys = sorted({*base, *theirs}, key=lambda key: (key[0] != OBJECT.name, key))
    for key in keys:
        merge.decide(key)
    return merge.outcome()


@dataclass(slots=True)
class _Merge:
    base: Components
    theirs: Components
    ours: Components
    choices: Choices
    _made: dict[Key, Component] = field(default_factory=dict)
    _changed: list[Component] = field(default_factory=list)
    _removed: list[Key] = field(default_factory=list)
    _again: set[Key] = field(default_factory=set)
    _unwanted: set[Key] = field(default_factory=set)
    _kept: set[Key] = field(default_factory=set)
    _let_go: set[Key] = field(default_factory=set)
    _conflicts: list[Conflict] = field(default_factory=list)

    def decide(self, key: Key) -> None:
        """Work out what becomes of one component."""
        base, theirs, ours = self.base.get(key), self.theirs.get(key), self.ours.get(key)
        owner = self._owner(key)
        if owner in self._unwanted:
            self._unwanted.add(key)
        elif theirs is None and self._stands_by(key) in self._kept:
            # Who keeps an object keeps what belongs to it, and the relation that stands for it.
            pass
        elif theirs is None:
            if ours is not None and base is not None:
                self._dropped(base, ours)
        elif ours is None:
            self._missing(base, theirs)
        elif base is None:
            self._taken(theirs, ours)
        else:
            self._both(base, theirs, ours)

    def outcome(self) -> Outcome:
        """Give what came of it."""
        self._bring_parts()
        creates = tuple(self._made[key] for key in self.theirs if key in self._made)
        return Outcome(
            creates,
            tuple(self._changed),
            tuple(self._removed),
            frozenset(self._again),
            tuple(self._conflicts),
        )

    def _bring_parts(self) -> None:
        """Let relations that come again bring what they stand for, changed or not."""
        again = [self._made[key] for key in self._again if key[0] == RELATION.name]
        parts = {part.key for one in again for part in RELATION.expand(one)}
        for key in parts & (self.theirs.keys() - self.ours.keys()):
            self._made[key] = self.theirs[key]
            self._again.add(key)

    def _owner(self, key: Key) -> Key | None:
        kind, name = key
        return (OBJECT.name, split_name(name)[0]) if kind in OWNED else None

    def _stands_by(self, key: Key) -> Key | None:
        return (OBJECT.name, key[1]) if key[0] == RELATION.name else self._owner(key)

    def _parts_made_here(self, key: Key) -> list[Component]:
        """Give what belongs to an object that goes and did not come with it."""
        if key[0] != OBJECT.name:
            return []
        parts = (one for other, one in self.ours.items() if self._owner(other) == key)
        return [one for one in parts if one.key not in self.base]

    def _both(self, base: Component, theirs: Component, ours: Component) -> None:
        said = f"{key_of(ours)}#"
        mine = {
            key.removeprefix(said): choice
            for key, choice in self.choices.items()
            if key.startswith(said)
        }
        merged = merge_bodies(base.body, theirs.body, ours.body, mine)
        self._conflicts += [
            Conflict(said + one.at, ours, one, _in_words(ours, one), mine.get(one.at))
            for one in merged.clashes
        ]
        if merged.body != ours.body:
            self._changed.append(replace(ours, body=merged.body))

    def _taken(self, theirs: Component, ours: Component) -> None:
        """Something comes under a name that was given here as well."""
        if theirs.body == ours.body:
            return
        message = f"There is {_named(ours)} already, which is not the one that comes."
        if self._chosen(Clash("", MISSING, theirs.body, ours.body), ours, message):
            self._changed.append(replace(ours, body=theirs.body))

    def _missing(self, base: Component | None, theirs: Component) -> None:
        """Something comes that is new, or that was removed here."""
        if base is not None:
            message = f"{_named(theirs)} is changed in what comes, and was removed here."
            clash = Clash("", base.body, theirs.body, MISSING)
            if base.body == theirs.body or not self._chosen(clash, theirs, message):
                self._unwanted.add(theirs.key)
                return
            self._again.add(theirs.key)
        self._made[theirs.key] = theirs

    def _dropped(self, base: Component, ours: Component) -> None:
        """Something does not come any more."""
        message = f"{_named(ours)} is gone in what comes, and was changed here."
        clash = Clash("", base.body, MISSING, ours.body)
        mine = self._parts_made_here(ours.key)
        if mine:
            more = "" if len(mine) == 1 else f" and {len(mine) - 1} more"
            message = f"{_named(ours)} is gone in what comes, with {_named(mine[0])}{more} of here."
        is_mine = bool(mine) or base.body != ours.body
        # Whoever lets an object go lets its parts go, and is not asked for each of them.
        if not is_mine or self._owner(ours.key) in self._let_go:
            self._removed.append(ours.key)
        elif self._chosen(clash, ours, message):
            self._removed.append(ours.key)
            self._let_go.add(ours.key)
        else:
            self._kept.add(ours.key)

    def _chosen(self, clash: Clash, component: Component, message: str) -> bool:
        """Note a conflict about a whole component, and tell whether what comes is chosen."""
        choice = self.choices.get(key_of(component))
        told = f"{message[0].upper()}{message[1:]}"
        self._conflicts.append(Conflict(key_of(component), component, clash, told, choice))
        return choice is Choice.THEIRS


def key_of(component: Component) -> str:
    """Give the key of a conflict about a whole component, such as field:Deal.next_step."""
    return f"{component.kind}:{component.name}"


def _named(component: Component) -> str:
    return f"the {component.kind.replace('_', ' ')} {component.name}"


def _in_words(component: Component, clash: Clash) -> str:
    place = clash.at.removeprefix("/").replace("/", ", ") or "the whole"
    where = f"{_named(component)}: {place}"
    where = where[0].upper() + where[1:]
    if clash.is_order:
        return f"{where} were put into another order by both."
    return f"{where} {_said('is', clash.theirs)} in what comes, {_said('and', clash.ours)} here."


def _said(verb: str, value: Side) -> str:
    if isinstance(value, Missing):
        return f"{verb} gone"
    text = value if isinstance(value, str) else write_json(value)
    return f"{verb} {text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}"
