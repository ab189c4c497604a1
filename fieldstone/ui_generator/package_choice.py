"""What a package can be made of, as a form offers it: the tenant's own components by objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from starlette.datastructures import FormData

from fieldstone.metadata.catalog import Catalog, Holds
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.package_build import CHOSEN, PackageBuildBody
from fieldstone.metadata.kinds.registry import OBJECT, OWNED, get_kind
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.runtime.package_records import known_by
from fieldstone.ui_generator.previewing import text_of

EVERYTHING: Final = "everything"
CHOICE: Final = "chosen"
PACKAGE_SIGN: Final = "package:"
MOST_OFFERED: Final = 1_500
"""How many components are offered; who has more takes objects whole, or everything."""

_OWN_NAMES: Final = "names that the package gives them"
_NO_OBJECT: Final = "Of no object"


@dataclass(frozen=True, slots=True)
class Tick:
    """A component that can be chosen. value: its kind and name, as the form sends them."""

    value: str
    label: str
    kind: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The tenant's own components of an object. whole: the object itself, where that is its own."""

    label: str
    whole: Tick | None
    ticks: tuple[Tick, ...]

    @property
    def is_open(self) -> bool:
        """Whether something of it is chosen."""
        chosen = any(one.is_chosen for one in self.ticks)
        return chosen or (self.whole is not None and self.whole.is_chosen)


@dataclass(frozen=True, slots=True)
class RecordTick:
    """Records that can come along. by: what they are known by elsewhere."""

    name: str
    label: str
    by: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A package as it is filled in. name: what it is called everywhere."""

    name: str
    body: PackageBuildBody

    @property
    def holds(self) -> str:
        """What was said of all that it holds."""
        if self.body.everything:
            return EVERYTHING
        return f"{PACKAGE_SIGN}{self.body.package}" if self.body.package else CHOICE

    @property
    def is_empty(self) -> bool:
        """Whether nothing was chosen yet."""
        body = self.body
        chosen = any(body.components.values()) or body.records
        return not (body.everything or body.package or chosen)


def read_draft(sent: FormData) -> Draft:
    """Read a form. What is wrong with it is told when the package is built."""
    holds = text_of(sent, "holds")
    components: dict[str, list[str]] = {}
    for said in sent.getlist("component"):
        kind, _, name = str(said).partition(":")
        if kind in CHOSEN and name:
            components.setdefault(kind, []).append(name)
    is_chosen = not (holds == EVERYTHING or holds.startswith(PACKAGE_SIGN))
    body = PackageBuildBody(
        label=text_of(sent, "label"),
        version=text_of(sent, "version"),
        namespace=text_of(sent, "namespace"),
        description=text_of(sent, "description", 4_000),
        everything=holds == EVERYTHING,
        package=holds.removeprefix(PACKAGE_SIGN) if holds.startswith(PACKAGE_SIGN) else "",
        components={k: tuple(names) for k, names in components.items()} if is_chosen else {},
        records=tuple(str(one) for one in sent.getlist("records")),
        sign="sign" in sent,
    )
    return Draft(text_of(sent, "name"), body)


def groups_of(
    components: Iterable[Component], draft: Draft, catalog: Catalog, rights: Rights
) -> list[Group]:
    """Give what can be chosen of the tenant's own components, its own objects first."""
    chosen = {(kind, fold(n)) for kind, names in draft.body.components.items() for n in names}
    wholes: dict[str, Tick] = {}
    parts: dict[str, list[Tick]] = {}
    own = (one for one in components if one.package is None and _is_offered(one, rights))
    for one in islice(own, MOST_OFFERED):
        owner, name = split_name(one.name) if one.kind in OWNED else ("", one.name)
        kind = one.kind.replace("_", " ")
        tick = Tick(f"{one.kind}:{one.name}", name or one.name, kind, one.key in chosen)
        if one.kind == OBJECT.name:
            wholes[fold(one.name)] = tick
            parts.setdefault(fold(one.name), [])
        else:
            parts.setdefault(fold(owner), []).append(tick)
    groups = [
        Group(_label(owner, catalog), wholes.get(owner), tuple(ticks))
        for owner, ticks in parts.items()
    ]
    return sorted(groups, key=lambda g: (g.label == _NO_OBJECT, g.whole is None, fold(g.label)))


def records_offered(draft: Draft, catalog: Catalog, rights: Rights) -> list[RecordTick]:
    """Give the objects whose records can come along, and by what they are known elsewhere."""
    chosen = {fold(one) for one in draft.body.records}
    offered = []
    for obj in catalog.objects:
        if obj.holds is Holds.RECORDS and rights.may_read_object(obj.id):
            key = known_by(obj)
            shown = key is not None and rights.may_show_field(key.id)
            known = key.label if key is not None and shown else _OWN_NAMES
            tick = RecordTick(obj.name, obj.plural_label, known, fold(obj.name) in chosen)
            offered.append(tick)
    return sorted(offered, key=lambda one: fold(one.label))


def _is_offered(one: Component, rights: Rights) -> bool:
    return one.kind in CHOSEN and rights.may_set_up(get_kind(one.kind).area)


def _label(owner: str, catalog: Catalog) -> str:
    obj = catalog.find_object(owner) if owner else None
    return obj.plural_label if obj is not None else owner or _NO_OBJECT
