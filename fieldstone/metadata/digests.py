"""Digests of metadata: equal declarations give equal digests, wherever they are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fieldstone.metadata.component import Component
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.conversions import Instruction
from fieldstone.metadata.packages import Package
from fieldstone.metadata.values import Json, write_canonical

_AS_USUAL: Final[Mapping[int, Instruction]] = MappingProxyType({})


def digest_of(components: Iterable[Component]) -> str:
    """Give the digest of a set of components, in whatever order they come."""
    return _digest(sorted((_said(one) for one in components), key=lambda said: said[:2]))


def digest_of_changes(
    changes: Iterable[ComponentChange], conversions: Mapping[int, Instruction] = _AS_USUAL
) -> str:
    """Give the digest of what a plan changes: what is there before it and what is after it.

    So the digest of a plan made anew differs where what it touches has changed meanwhile. What is
    created has no id yet, and where values lie is of no account. conversions: what is said of
    values that become others, by the ids of their fields.
    """
    said: list[Json] = [
        [
            change.operation,
            0 if change.operation == "create" else change.id,
            *(None if one is None else _said(one) for one in (change.before, change.after)),
        ]
        for change in changes
    ]
    told = sorted((number, one.as_json()) for number, one in conversions.items() if one.values)
    return _digest([*said, *([number, how] for number, how in told)])


def digest_of_package(package: Package) -> str:
    """Give the digest of all that a package says and ships, but for who vouches for it."""
    manifest = {**msgspec.to_builtins(package.manifest), "signature": None}
    components = sorted((_said(one) for one in package.components), key=lambda said: said[:2])
    records = [
        [one.object, one.key, one.records, *([one.named] if one.named else [])]
        for one in package.records
    ]
    # What brings no records has the digest that it had before packages could.
    return _digest([manifest, components, *([records] if records else [])])


def _said(component: Component) -> list[Json]:
    kind, key = component.key
    return [kind, key, component.name, component.package, component.body]


def _digest(value: object) -> str:
    return hashlib.sha256(write_canonical(value)).hexdigest()
