"""Selects the components of a package: those that were chosen, and step by step what they need.

What belongs to another package is no part of a new one, which depends on that instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import InvalidInput, Problem, Several
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.component import Component, StoredComponent, UnknownComponent
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import (
    CONNECTED_APP,
    IDENTITY_PROVIDER,
    OBJECT,
    ORGANIZATION,
    OWNED,
    PACKAGE,
    PACKAGE_BUILD,
    TRUSTED_KEY,
    get_kind,
)
from fieldstone.metadata.names import keys_of, suggestion
from fieldstone.metadata.renames import renamed
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold, write_json
from fieldstone.query_language.formula.renaming import FormulaRenames

Key = tuple[str, str]
NOT_SHIPPED: Final[Mapping[str, str]] = {
    ORGANIZATION.name: "every tenant has its own",
    PACKAGE.name: "it says what is installed in one tenant",
    IDENTITY_PROVIDER.name: "it lets people of one tenant in",
    PACKAGE_BUILD.name: "it says what one tenant makes packages of",
    TRUSTED_KEY.name: "everybody decides by themselves whom they trust",
    CONNECTED_APP.name: "it lets programs into one tenant",
}
"""Kinds that no package holds, and why."""

_WORD: Final = re.compile(r"\w+")
_ENDINGS: Final = ("__r", "__c", "_id", "id")
_ELSEWHERE: Final = "another_name_that_nothing_has"


class NotShipped(InvalidInput):
    """A component of a kind that no package holds."""

    code = "package.not_shipped"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a component comes along. belongs: it is a part of the other one, which comes."""

    component: Component
    belongs: bool = False


@dataclass(frozen=True, slots=True)
class Selected:
    """What a package holds. components: in the order of their making. packages: what it needs.

    reasons: why components come that nobody chose, by their keys.
    """

    components: tuple[Component, ...]
    packages: frozenset[str]
    reasons: Mapping[Key, Reason]


def select_components(
    rows: Iterable[StoredComponent],
    catalog: Catalog,
    keys: Sequence[Key] | None = None,
    package: str | None = None,
) -> Selected:
    """Give what a package of some components holds.

    rows: all that is live in the tenant. keys: kinds and names of what was chosen; None for all
    that belongs to a package, or to none. Raises Several with unknown components, NotShipped.
    """
    return _Selection(rows, catalog).made(keys, package)


class _Selection:
    """Goes from what was chosen to what that needs, each component once."""

    def __init__(self, rows: Iterable[StoredComponent], catalog: Catalog) -> None:
        self._all = [row.component for row in rows]
        self._scope = Scope(self._all)
        self._formulas = FormulaRenames(catalog)
        self._chosen: dict[Key, Component] = {}
        self._reasons: dict[Key, Reason] = {}
        self._packages: set[str] = set()
        self._by_word: dict[str, list[Component]] = {}
        for one in self._all:
            for word in _roots(keys_of(split_name(one.name)[1] or one.name)):
                self._by_word.setdefault(word, []).append(one)

    def made(self, keys: Sequence[Key] | None, package: str | None) -> Selected:
        """Give the components in the order of their making, and the packages they need."""
        first = list(self._of(package) if keys is None else self._found(keys))
        waiting: list[tuple[Component, Reason | None]] = [(one, None) for one in first]
        while waiting:
            one, reason = waiting.pop()
            if one.key not in self._chosen:
                self._check_kind(one)
                self._chosen[one.key] = one
                if reason is not None:
                    self._reasons[one.key] = reason
                waiting += ((part, Reason(one, belongs=True)) for part in self._owned(one))
                waiting += ((needed, Reason(one)) for needed in self._needed(one))
            elif reason is not None and reason.belongs and one.key in self._reasons:
                # Whatever else needs it, a part comes with its object.
                self._reasons[one.key] = reason
        in_order = tuple(one for one in self._all if one.key in self._chosen)
        chosen = {one.key for one in first}
        reasons = {key: why for key, why in self._reasons.items() if key not in chosen}
        return Selected(in_order, frozenset(self._packages), reasons)

    def _of(self, package: str | None) -> Iterator[Component]:
        for one in self._all:
            if one.package == package and one.kind not in NOT_SHIPPED:
                yield one

    def _found(self, keys: Sequence[Key]) -> Iterator[Component]:
        problems: list[Problem] = []
        for number, (kind, name) in enumerate(keys):
            found = self._scope.find(get_kind(kind).name, name)
            if found is None:
                hint = suggestion(name, self._scope.names_of(kind))
                message = f"There is no {kind} {name[:80]}."
                at = f"/components/{number}"
                problems.append(Problem(UnknownComponent.code, message, at, hint))
            else:
                yield found
        if problems:
            raise Several(problems)

    def _check_kind(self, one: Component) -> None:
        why = NOT_SHIPPED.get(one.kind)
        if why is not None:
            kind = one.kind.replace("_", " ")
            raise NotShipped(f"{one.name} cannot be shipped: a {kind} stays, since {why}.")

    def _owned(self, one: Component) -> Iterator[Component]:
        """Yield what belongs to an object and is of the same package."""
        if one.kind == OBJECT.name:
            for other in self._all:
                owner = fold(split_name(other.name)[0])
                if other.kind in OWNED and owner == fold(one.name) and other.package == one.package:
                    yield other

    def _needed(self, one: Component) -> Iterator[Component]:
        """Yield what a component names of its own package, and note the other packages."""
        for other in self._named(one):
            if other.package == one.package:
                yield other
            elif other.package is not None:
                self._packages.add(other.package)
            else:
                # A package that names a tenant's own component takes it along.
                yield other

    def _named(self, one: Component) -> Iterator[Component]:
        kind = get_kind(one.kind)
        for needed_kind, name in (*kind.depends_on(one), *kind.needs(one)):
            found = self._scope.find(needed_kind, name)
            if found is not None:
                yield found
        words = set(_roots(fold(word) for word in _WORD.findall(write_json(one.body))))
        tried = {other.key: other for word in words for other in self._by_word.get(word, ())}
        for other in tried.values():
            if self._is_open(other) and self._names(one, other):
                yield other

    def _is_open(self, other: Component) -> bool:
        """Tell whether it matters that a component is named."""
        return other.key not in self._chosen and other.package not in self._packages

    def _names(self, one: Component, other: Component) -> bool:
        """Tell whether a component names another one: it would follow if that were renamed."""
        owner, own = split_name(other.name)
        name = f"{owner}.{_ELSEWHERE}" if own else _ELSEWHERE
        return renamed(one, other, name, self._scope, self._formulas) != one


def _roots(names: Iterable[str]) -> Iterator[str]:
    """Yield names without the endings that a path may add or leave out, and with them."""
    for name in names:
        yield name
        for ending in _ENDINGS:
            if name.endswith(ending) and len(name) > len(ending):
                yield name.removesuffix(ending)
