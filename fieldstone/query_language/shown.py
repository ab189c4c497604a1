"""What a query shows of each row: the members of a JSON object, those of parents nested in it."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.query_language.binding import Binder
from fieldstone.query_language.plan import FieldRef, Member, ParentShown, Shown
from fieldstone.query_language.syntax import Path

_Tree = dict[str, "Shown | tuple[int, _Tree]"]


class ShownMembers:
    """Collects members in the order in which they are asked; a key asked twice stands once."""

    def __init__(self, binder: Binder) -> None:
        self._binder = binder
        self._tree: _Tree = {}

    def add_id(self) -> None:
        """Show the record's id."""
        self._tree["id"] = self._id_of(0)

    def add_path(self, path: Path, alias: str | None = None) -> None:
        """Show a field; one of a parent stands in the parent's object unless it has an alias."""
        ref = self._binder.field(path)
        if alias is not None:
            self._tree.setdefault(alias, ref)
            return
        tree = self._tree
        for place, key in self._binder.parent_keys(path):
            found = tree.get(key)
            if not isinstance(found, tuple):
                found = place, {"id": self._id_of(place)}
                tree[key] = found
            tree = found[1]
        tree.setdefault(self._binder.shown_key(path, ref), ref)

    def add(self, key: str, shown: Shown) -> None:
        """Show anything else."""
        self._tree.setdefault(key, shown)

    def members(self) -> tuple[Member, ...]:
        """Give all members."""
        return tuple(_members(self._tree))

    def _id_of(self, place: int) -> FieldRef:
        return FieldRef(place, self._binder.sources[place].object.by_name["id"])


def _members(tree: _Tree) -> Iterator[Member]:
    for key, found in tree.items():
        if isinstance(found, tuple):
            place, inner = found
            yield key, ParentShown(place, tuple(_members(inner)))
        else:
            yield key, found
