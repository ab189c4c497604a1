"""Parts that could be called the same here: each gets a name of its own, before any is read.

Salesforce keeps apart by their types what becomes permission sets here, and tells apart names of
layouts and profiles by signs that no name can have here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from unicodedata import normalize
from urllib.parse import unquote

from fieldstone.integrations.salesforce.elements import flag_of
from fieldstone.integrations.salesforce.items import Source
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import distinct, own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import fold

_SET: Final = "permission_set"
_LAYOUT: Final = "Layout"
_PROFILE: Final = "Profile"
_PREFIXES: Final = {"PermissionSet": "Set", "PermissionSetGroup": "Group", _PROFILE: "Profile"}
"""Types that become permission sets, with what tells them apart; the first ones choose first."""


def gather_called(source: Source, names: Names) -> None:
    """Give a name to each layout and to each part that becomes a permission set."""
    called = names.contents.called
    sets = _Taken(_SET, names)
    for type_, prefix in _PREFIXES.items():
        for item in source.of_type(type_):
            if type_ == _PROFILE and not flag_of(item.xml, "custom"):
                continue
            written = unquote(item.name)
            plain = own_name(written)
            more = own_name(f"{prefix} {written}"), distinct(plain, f"{prefix} {written}")
            place = _place(type_, "", names.own(written))
            called[place] = sets.take("", (plain, *more), _suits(type_))
    layouts = _Taken("layout", names)
    for item in source.of_type(_LAYOUT):
        owner, _, written = unquote(item.name).partition("-")
        plain = own_name(written)
        here = f"{names.find_object(owner) or names.own(owner)}."
        place = _place(_LAYOUT, names.own(owner), written)
        called[place] = layouts.take(here, (plain, distinct(plain, written)))


def set_called(type_: str, written: str, names: Names) -> str:
    """Give what a set, a group or a profile is called here."""
    place = _place(type_, "", names.own(written))
    return names.contents.called.get(place) or own_name(written)


def set_brought(written: str, names: Names) -> str | None:
    """Give what a set of the package is called here; None where the package does not bring it.

    A set of its name that is somebody else's is not what the package means.
    """
    found = names.contents.called.get(_place("PermissionSet", "", names.own(written)))
    there = None if found is None else names.stored(_SET, found)
    return found if there is None or there.package == names.package else None


def called_otherwise(type_: str, written: str, names: Names) -> tuple[str, ...]:
    """Note that a set, a group or a profile has another name here than it would have alone."""
    found = set_called(type_, written, names)
    if found == own_name(written):
        return ()
    return (f"It is called {found} here: another one has its name.",)


def layout_called(owner: str, written: str, names: Names) -> str:
    """Give what a layout is called here. owner: its object, as Salesforce calls it."""
    return names.contents.called.get(_place(_LAYOUT, names.own(owner), written)) or own_name(
        written
    )


def _place(type_: str, owner: str, written: str) -> tuple[str, str, str]:
    return type_, fold(owner), fold(normalize("NFC", written))


class _Taken:
    """The names that components of a kind have by now."""

    def __init__(self, kind: str, names: Names) -> None:
        self._kind = kind
        self._names = names
        self._taken = set[str]()

    def take(
        self, owner: str, wanted: tuple[str, ...], suits: Callable[[Component], bool] | None = None
    ) -> str:
        """Take the first name that is free. One that was taken when the package came before stays.

        owner: what stands before each. suits: whether what the package brought under a name can be
        what is named now; if it cannot, people who have the one would get the other.
        """

        def is_free(name: str) -> bool:
            there = self._brought(owner + name)
            can_be = there is None or suits is None or suits(there)
            return can_be and fold(owner + name) not in self._taken

        before = (name for name in wanted[1:] if self._brought(owner + name) is not None)
        found = next((name for name in (*before, *wanted) if is_free(name)), wanted[-1])
        self._taken.add(fold(owner + found))
        return found

    def _brought(self, name: str) -> Component | None:
        """Give what an earlier version of the package brought under a name."""
        there = self._names.stored(self._kind, name)
        return there if there is not None and there.package == self._names.package else None


def _suits(type_: str) -> Callable[[Component], bool]:
    def suits(there: Component) -> bool:
        if bool(there.body.get("is_profile")) != (type_ == _PROFILE):
            return False
        return type_ != "PermissionSet" or not there.body.get("includes")

    return suits
