"""Record types and business processes: which values of picklists records of a sort offer."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.columns import Missing, field_of
from fieldstone.integrations.salesforce.elements import flag_of, text_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json

_STAGES: Final = {
    "Opportunity": "StageName",
    "Case": "Status",
    "Lead": "Status",
    "Solution": "Status",
}


def read_record_type(item: Item, names: Names) -> Mapped:
    """Give a sort of records with the values that it offers."""
    made: list[Component] = []
    notes: dict[str, None] = {}
    for owner in names.objects_meant(item.object):
        missing = Missing()
        body: dict[str, Json] = {
            "object": owner,
            "label": (text_of(item.xml, "label") or item.own)[:120],
            "active": text_of(item.xml, "active", "true").lower() == "true",
        }
        picklists: dict[str, Json] = {}
        for one in item.xml.iterfind("picklistValues"):
            names.need_field(owner, text_of(one, "picklist"), "picklist")
            known = field_of(names, owner, text_of(one, "picklist"))
            if known is None:
                missing.add(text_of(one, "picklist"))
            else:
                picklists[known.name] = _offered(one)
        if picklists:
            body["picklists"] = picklists
        _named(item, body)
        if text_of(item.xml, "description"):
            body["description"] = text_of(item.xml, "description")[:4000]
        made.append(Component("record_type", f"{owner}.{own_name(item.own)}", body, names.package))
        notes |= dict.fromkeys(missing.notes("picklists"))
    return Mapped(tuple(made), tuple(notes))


def _named(item: Item, body: dict[str, Json]) -> None:
    """Name the process and the compact layout of a record type, by their own names."""
    process = text_of(item.xml, "businessProcess")
    if process:
        body["business_process"] = own_name(process)
    compact = text_of(item.xml, "compactLayoutAssignment")
    if compact and compact != "SYSTEM":
        body["compact_layout"] = own_name(compact)


def read_business_process(item: Item, names: Names) -> Mapped:
    """Give the stages that records of a sort go through."""
    owner = names.need_object(item.object)
    stage = _STAGES.get(item.object)
    known = None if stage is None else field_of(names, owner, stage)
    if known is None:
        return left_out(f"{item.object} has no stages here.")
    offered = _offered(item.xml)
    if not offered["values"]:
        return left_out("It has no stages.")
    body: dict[str, Json] = {
        "object": owner,
        "label": (text_of(item.xml, "label") or item.own)[:120],
        "field": known.name,
        **offered,
        "active": flag_of(item.xml, "isActive") or item.xml.find("isActive") is None,
    }
    if text_of(item.xml, "description"):
        body["description"] = text_of(item.xml, "description")[:4000]
    name = f"{owner}.{own_name(item.own)}"
    return Mapped((Component("business_process", name, body, names.package),))


def _offered(xml: Element) -> dict[str, Json]:
    """Give the values below an element, which are written as in addresses, and the usual one."""
    values, first = dict[str, None](), ""
    for one in xml.iterfind("values"):
        name = unquote(text_of(one, "fullName"))
        if name:
            values[name] = None
            first = name if flag_of(one, "default") else first
    offered: dict[str, Json] = {"values": [*values]}
    if first:
        offered["default"] = first
    return offered
