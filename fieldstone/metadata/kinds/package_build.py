"""The kind package_build: what a package that is built here is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import Text
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.scope import Scope

CHOSEN: Final = (
    *("object", "field", "relation", "picklist", "attach_rule", "validation_rule", "setting"),
    *("permission_set", "role", "sharing_rule", "retention_policy", "territory", "territory_rule"),
    *("business_process", "compact_layout", "record_type", "field_set", "list_view", "web_link"),
    *("quick_action", "layout", "tab", "app", "metadata_record", "translation"),
)
"""The kinds of which single components are chosen: all that packages hold."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST: Final = 10_000
Names = Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=_MOST)]


@dataclass(frozen=True, slots=True)
class PackageBuildBody:
    """What a package is made of, so that its next version is made the same way.

    version: the one that was built last. everything: all that is the tenant's own, whatever comes
    to it. package: an installed package that is built anew, as it is here. components: otherwise,
    what was chosen, by kinds; what they need comes along. records: objects whose records come too.
    """

    label: Label
    version: Annotated[str, Meta(min_length=1, max_length=120)]
    namespace: Annotated[str, Meta(max_length=15)] = ""
    description: Text = ""
    everything: bool = False
    package: Annotated[str, Meta(max_length=40)] = ""
    components: Mapping[str, Names] = field(default_factory=dict)
    records: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    sign: bool = False


class PackageBuildKind(Kind[PackageBuildBody]):
    """A package of the tenant's own making, called as it is. No package brings one."""

    name = "package_build"
    body_class = PackageBuildBody
    declared = True
    shipped = False
    places = (
        *(Place(f"components/{kind}/*", Form.NAME, (kind,), drops=0) for kind in CHOSEN),
        Place("records/*", Form.OBJECT, drops=0),
    )

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name, kinds that nobody chooses, and what it does not find."""
        if not _NAME.fullmatch(component.name):
            hint = "Use small letters, digits and underscores, such as houses."
            message = f"{component.name[:80]} cannot be the name of a package."
            yield Problem("metadata.invalid", message, "/name", hint)
        chosen = component.body.get("components")
        for kind in chosen if isinstance(chosen, Mapping) else ():
            if kind not in CHOSEN:
                message = f"No package holds a component of the kind {kind[:40]}."
                yield Problem("metadata.invalid", message, "/components")
        yield from super().check(component, scope)
