"""What a query shows of each row: the members of a JSON object, those of parents nested in it."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.query_language.binding import Binder
from fieldstone.query_language.plan import FieldRef, Member, ParentShown, Shown
from fieldstone.query_language.syntax import Path

# A parent is a tree for each of the places that its reference may lead to.
_Tree = dict[str, "Shown | _Parent"]
_Parent = dict[int, _Tree]


class ShownMembers:
    """Collects members in the order in which they are asked; a key asked twice stands once."""

    def __init__(self, binder: Binder) -> None:
        self._binder = binder
        self._tree: _Tree = {}
        self._unnamed = 0

    def add_id(self) -> None:
        """Show the record's id."""
        self._tree["id"] = self._id_of(0)

    def add_path(self, path: Path, alias: str | None = None) -> None:
        """Show a field; one of a parent stands in the parent's object unless it has an alias."""
        ref = self._binder.field(path)
        if alias is not None or self._binder.is_part(ref):
            self._tree.setdefault(alias or path.text, ref)
            return
        *parents, name = self._binder.own_names(path)
        trees = {0: self._tree}
        for parent in parents:
            trees = self._below(trees, parent, path)
        for place, field in self._binder.fields(tuple(trees), name, path):
            key = self._binder.field_key(name, field)
            trees[place].setdefault(key, self._binder.ref(place, field))

    def unnamed(self) -> str:
        """Give the key of an expression without an alias: expr0, expr1 and so on."""
        self._unnamed += 1
        return f"expr{self._unnamed - 1}"

    def add(self, key: str, shown: Shown) -> None:
        """Show anything else."""
        self._tree.setdefault(key, shown)

    def members(self) -> tuple[Member, ...]:
        """Give all members."""
        return tuple(_members(self._tree))

    def _below(self, trees: dict[int, _Tree], name: str, path: Path) -> dict[int, _Tree]:
        """Give the trees of what a reference points to, made where they are missing."""
        found: dict[int, _Tree] = {}
        key = self._binder.relation_key(tuple(trees), name)
        for place, tree in trees.items():
            parent = tree.get(key)
            if not isinstance(parent, dict):
                parent = {}
            for below in self._binder.parents(tuple(trees), name, path):
                if self._binder.sources[below].parent == place:
                    found[below] = parent.setdefault(below, {"id": self._id_of(below)})
            if parent:
                tree[key] = parent
        return found

    def _id_of(self, place: int) -> FieldRef:
        return FieldRef(place, self._binder.sources[place].object.by_name["id"])


def _members(tree: _Tree) -> Iterator[Member]:
    for key, found in tree.items():
        if isinstance(found, dict):
            forms = ((place, tuple(_members(inner))) for place, inner in found.items())
            yield key, ParentShown(tuple(forms))
        else:
            yield key, found
