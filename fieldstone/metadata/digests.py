"""Digests of metadata: equal declarations give equal digests, wherever they are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from fieldstone.metadata.component import Component
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.values import Json, write_canonical


def digest_of(components: Iterable[Component]) -> str:
    """Give the digest of a set of components, in whatever order they come."""
    return _digest(sorted((_said(one) for one in components), key=lambda said: said[:2]))


def digest_of_changes(changes: Iterable[ComponentChange]) -> str:
    """Give the digest of what a plan changes: what is there before it and what is after it.

    So the digest of a plan made anew differs where what it touches has changed meanwhile. What is
    created has no id yet, and where values lie is of no account.
    """
    return _digest(
        [
            [
                change.operation,
                0 if change.operation == "create" else change.id,
                *(None if one is None else _said(one) for one in (change.before, change.after)),
            ]
            for change in changes
        ]
    )


def _said(component: Component) -> list[Json]:
    kind, key = component.key
    return [kind, key, component.name, component.package, component.body]


def _digest(value: object) -> str:
    return hashlib.sha256(write_canonical(value)).hexdigest()
