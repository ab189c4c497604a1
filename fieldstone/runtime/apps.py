"""Apps: navigations that lead to what one kind of work needs, each with its own tabs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.kinds.app import AppBody
from fieldstone.metadata.kinds.registry import APP, TAB
from fieldstone.metadata.kinds.tab import TabBody
from fieldstone.metadata.values import fold
from fieldstone.runtime.addresses import is_safe
from fieldstone.runtime.audience import is_offered
from fieldstone.runtime.transactions import Transaction

EVERYTHING: Final = "all-objects"
"""What stands in the place of an app's name for all objects that there are."""

_ICON: Final = "external-link"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a navigation: the lists of an object, or an address."""

    name: str
    label: str
    icon: str
    object: ObjectDef | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """A navigation that is offered to the viewer. entries: what of it the viewer may see."""

    name: str
    label: str
    entries: tuple[Entry, ...]
    is_default: bool = False
    description: str = ""


def apps_of(tx: Transaction) -> list[App]:
    """Give the apps that are offered to the viewer, in order of label."""
    found = []
    for one in tx.catalog.declared.get(APP.name, {}).values():
        body: AppBody = one.body
        if is_offered(tx, body.permission_sets):
            entries = tuple(_entries(tx, body))
            found.append(App(one.name, body.label, entries, body.is_default, body.description))
    return sorted(found, key=lambda one: (fold(one.label), one.name))


def chosen_app(apps: list[App], name: str) -> App | None:
    """Give the app of a name; without one the default app. None means all objects."""
    if name == EVERYTHING:
        return None
    named = next((one for one in apps if fold(one.name) == fold(name)), None)
    return named or next((one for one in apps if one.is_default), None)


def _entries(tx: Transaction, body: AppBody) -> Iterator[Entry]:
    for name in body.tabs:
        entry = _entry(tx, name)
        if entry is not None:
            yield entry


def _entry(tx: Transaction, name: str) -> Entry | None:
    """Give what a tab of an app leads to; None where the viewer may not go there."""
    tab = tx.catalog.find_declared(TAB.name, name)
    if tab is None:
        obj = _object(tx, name)
        return None if obj is None else Entry(obj.name, obj.plural_label, obj.icon, obj)
    body: TabBody = tab.body
    if body.url is not None:
        entry = Entry(tab.name, body.label, body.icon or _ICON, url=body.url)
        return entry if is_safe(body.url) else None
    obj = _object(tx, body.object or "")
    return None if obj is None else Entry(tab.name, body.label, body.icon or obj.icon, obj)


def _object(tx: Transaction, name: str) -> ObjectDef | None:
    obj = tx.catalog.find_object(name)
    return obj if obj is not None and tx.rights.may_read_object(obj.id) else None
