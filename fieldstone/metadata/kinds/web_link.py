"""The kind web_link: a link on a record that leads elsewhere, with values of the record in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import PartKind, Text
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

LINK_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
"""What links may begin with; whatever else there is may run something."""

_SCHEME: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")


@dataclass(frozen=True, slots=True)
class WebLinkBody:
    """A link. url: an address with values in it, such as https://maps.example/?q={!city}."""

    object: Name
    label: Label
    url: Annotated[str, Meta(min_length=1, max_length=4000)]
    opens: Literal["new_tab", "same_tab"] = "new_tab"
    shown: Literal["link", "button", "list_button"] = "link"
    description: Text = ""


class WebLinkKind(PartKind[WebLinkBody]):
    """A link on the records of an object, such as Company.Map."""

    name = "web_link"
    body_class = WebLinkBody
    places = (Place("object", Form.OBJECT), Place("url", Form.MERGED))

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield an address that runs something, and what else is wrong."""
        yield from super().check(component, scope)
        scheme = _SCHEME.match(self.read(component).url)
        if scheme is not None and fold(scheme[1]) not in LINK_SCHEMES:
            message = f"A link does not lead to an address of {scheme[1][:40]}:."
            hint = "Write https:, http:, mailto: or tel:, or begin with /."
            yield Problem("metadata.invalid", message, "/url", hint)
