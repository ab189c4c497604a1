"""The kind package: that a package is installed, and which version of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label
from fieldstone.metadata.kinds.part import Text


@dataclass(frozen=True, slots=True)
class PackageBody:
    """A package as it was installed last. digest: of all that it ships; "" where it is not known.

    dependencies: other packages to the versions that will do.
    """

    label: Label
    version: Annotated[str, Meta(min_length=1, max_length=120)]
    digest: Annotated[str, Meta(max_length=64)] = ""
    namespace: Annotated[str, Meta(max_length=15)] = ""
    description: Text = ""
    dependencies: Mapping[str, str] = field(default_factory=dict)


class PackageKind(Kind[PackageBody]):
    """An installed package, such as crm. It changes as packages come, are upgraded and go."""

    name = "package"
    body_class = PackageBody
    declared = True
    kept = True
