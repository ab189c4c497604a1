"""What a query shows of each row: the members of a JSON object, those of parents nested in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.query_language.binding import Binder
from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.plan import FieldRef, Member, ParentShown, Shown
from fieldstone.query_language.syntax import Path, TypeOf

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
        ref = self._binder.field(path, shown=True)
        if alias is not None:
            self._tree.setdefault(alias, ref)
        elif self._binder.is_type(ref):
            *parents, name = self._binder.own_names(path)
            for tree in self._trees({0: self._tree}, parents, path).values():
                tree.setdefault(name, ref)
        elif self._binder.is_part(ref):
            self._tree.setdefault(path.text, ref)
        else:
            self._add_below({0: self._tree}, self._binder.own_names(path), path)

    def add_shaped(self, path: Path, ref: FieldRef) -> None:
        """Show a field's value as people read it in the place of the field itself."""
        *parents, name = self._binder.own_names(path)
        trees = self._trees({0: self._tree}, parents, path)
        for place, field in self._binder.fields(tuple(trees), name, path):
            key = self._binder.field_key(name, field)
            if key in trees[place]:
                raise BadQuery(
                    f"Two columns are called {key}.", at=path.span, hint="Give one an alias."
                )
            trees[place][key] = ref

    def add_type_of(self, item: TypeOf, branches: Mapping[ObjectDef, tuple[Path, ...]]) -> None:
        """Show of what a reference points to the fields that its object has in branches."""
        names = self._binder.own_names(item.path)
        trees = self._trees({0: self._tree}, names, item.path)
        known = {self._binder.sources[place].object for place in trees}
        for branch, obj in zip(item.branches, branches, strict=True):
            if obj not in known:
                raise BadQuery(
                    f"{item.path.text} points to no {branch.object}.",
                    at=branch.span,
                    hint=f"It points to {', '.join(sorted(one.name for one in known))}.",
                )
        for place, tree in trees.items():
            for path in branches.get(self._binder.sources[place].object, ()):
                self._add_below({place: tree}, path.names, path)
        # Of the other objects, those show a field behind ELSE that have it.
        others = {
            place: tree
            for place, tree in trees.items()
            if self._binder.sources[place].object not in branches
        }
        for path in item.otherwise if others else ():
            self._add_below(others, path.names, path)

    def _add_below(self, trees: dict[int, _Tree], names: Sequence[str], path: Path) -> None:
        *parents, name = names
        trees = self._trees(trees, parents, path)
        for place, field in self._binder.fields(tuple(trees), name, path, shown=True):
            key = self._binder.field_key(name, field)
            trees[place].setdefault(key, self._binder.ref(place, field))

    def _trees(
        self, trees: dict[int, _Tree], parents: Sequence[str], path: Path
    ) -> dict[int, _Tree]:
        for parent in parents:
            trees = self._below(trees, parent, path)
        return trees

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
        parents = self._binder.parents(tuple(trees), name, path)
        key = self._binder.relation_key(tuple(trees), name)
        for place, tree in trees.items():
            parent = tree.get(key)
            if not isinstance(parent, dict):
                parent = {}
            for below in parents:
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
