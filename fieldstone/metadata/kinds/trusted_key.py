"""The kind trusted_key: whose signature of a package is known here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label, check_name
from fieldstone.metadata.kinds.part import Text
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class TrustedKeyBody:
    """A public key (Ed25519, in base64) and whose it is."""

    label: Label
    key: Annotated[str, Meta(pattern="^[A-Za-z0-9+/]{43}=$")]
    description: Text = ""


class TrustedKeyKind(Kind[TrustedKeyBody]):
    """A key that packages are signed with, such as that of a partner. No package brings one."""

    name = "trusted_key"
    body_class = TrustedKeyBody
    for_administrators = True
    declared = True
    shipped = False

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name."""
        yield from check_name(component.name)
