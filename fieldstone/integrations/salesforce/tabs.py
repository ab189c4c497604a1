"""Tabs and apps: entries of the navigation, and which of them stand together."""

from __future__ import annotations

from typing import Final

from fieldstone.integrations.salesforce.columns import Missing
from fieldstone.integrations.salesforce.elements import flag_of, text_of, texts_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.names import label_of, plural_of
from fieldstone.metadata.values import Json

TAB: Final = "CustomTab"
_STANDARD: Final = "standard-"
_MOST_TABS: Final = 100


def is_entry(item: Item) -> bool:
    """Tell whether a tab leads to records or to an address, rather than to code."""
    return flag_of(item.xml, "customObject") or bool(text_of(item.xml, "url"))


def read_tab(item: Item, names: Names) -> Mapped:
    """Give the entry that leads to the records of an object or to an address."""
    if not is_entry(item):
        return left_out("It leads to a page of code.")
    label = text_of(item.xml, "label")
    if flag_of(item.xml, "customObject"):
        obj = names.need_object(item.name)
        bare = obj.removesuffix("__c").rpartition("__")[2]
        body: dict[str, Json] = {"label": (label or plural_of(label_of(bare)))[:120], "object": obj}
    else:
        body = {"label": (label or label_of(item.name))[:120], "url": text_of(item.xml, "url")}
    if text_of(item.xml, "description"):
        body["description"] = text_of(item.xml, "description")[:4000]
    return Mapped((Component("tab", own_name(names.own(item.name)), body, names.package),))


def read_app(item: Item, names: Names) -> Mapped:
    """Give the entries that stand together under a name."""
    missing, tabs = Missing(), dict[str, None]()
    for written in texts_of(item.xml, "tabs"):
        found = _tab(written, names)
        if found is None:
            missing.add(written)
        else:
            tabs[found] = None
    body: dict[str, Json] = {
        "label": (text_of(item.xml, "label") or label_of(item.name))[:120],
        "tabs": [*tabs][:_MOST_TABS],
    }
    if text_of(item.xml, "description"):
        body["description"] = text_of(item.xml, "description")[:4000]
    made = Component("app", own_name(item.name), body, names.package)
    return Mapped((made,), missing.notes("tabs"))


def _tab(written: str, names: Names) -> str | None:
    """Give the tab of the package, or else the object, that an entry of an app names."""
    if names.contents.has_part(TAB, "", written):
        return own_name(names.own(written))
    return names.find_object(written.removeprefix(_STANDARD))
