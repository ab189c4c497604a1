"""Web links: addresses with values of the record in them."""

from __future__ import annotations

import re
from typing import Final

from fieldstone.integrations.salesforce.columns import column_of
from fieldstone.integrations.salesforce.elements import text_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, failed, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.names import label_of
from fieldstone.metadata.values import Json

_MERGED: Final = re.compile(r"\{!([^}]*)\}")
_LONGEST: Final = 4_000
_PATH: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*")
_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")
_SHOWN: Final = {"link": "link", "button": "button", "massActionButton": "list_button"}
_NEW_TAB: Final = frozenset({"newWindow", ""})


class _Unknown(Exception):
    """A merge field that means nothing here."""


def is_address(item: Item) -> bool:
    """Tell whether a link leads to an address, and is no code and no page of code."""
    kind = text_of(item.xml, "linkType") or "url"
    return kind == "url" and text_of(item.xml, "url").lower().startswith(_SCHEMES)


def read_web_link(item: Item, names: Names) -> Mapped:
    """Give a link to an address; others are code, or lead to pages of Salesforce itself."""
    kind = text_of(item.xml, "linkType") or "url"
    if kind != "url":
        return left_out(f"A link of the type {kind} is code or a page of code.")
    if not is_address(item):
        return left_out("It leads to a page of Salesforce itself.")
    if len(text_of(item.xml, "url")) > _LONGEST:
        return failed(f"Its address is longer than {_LONGEST:,} characters.")
    made: list[Component] = []
    for owner in names.objects_meant(item.object):
        try:
            url = _address(text_of(item.xml, "url"), owner, names)
        except _Unknown as unknown:
            return left_out(f"Its address says {{!{unknown}}}, which means nothing here.")
        body: dict[str, Json] = {
            "object": owner,
            "label": (text_of(item.xml, "masterLabel") or label_of(item.own))[:120],
            "url": url,
            "opens": "new_tab" if text_of(item.xml, "openType") in _NEW_TAB else "same_tab",
            "shown": _SHOWN.get(text_of(item.xml, "displayType"), "link"),
        }
        if text_of(item.xml, "description"):
            body["description"] = text_of(item.xml, "description")[:4000]
        made.append(Component("web_link", f"{owner}.{own_name(item.own)}", body, names.package))
    return Mapped(tuple(made))


def _address(written: str, owner: str, names: Names) -> str:
    """Give an address with merge fields over the records of an object. Raises _Unknown."""
    return _MERGED.sub(lambda found: _merged(found[1].strip(), owner, names), written)


def _merged(written: str, owner: str, names: Names) -> str:
    """Give a merge field over the records of an object. Raises _Unknown."""
    column = column_of(names, owner, written) if _PATH.fullmatch(written) else None
    if column is None:
        raise _Unknown(written[:80])
    return f"{{!{column[0]}}}"
