"""Layouts: sections with their columns, behaviours of fields, related lists, links and actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.attaching import attach
from fieldstone.integrations.salesforce.calling import layout_called
from fieldstone.integrations.salesforce.columns import Missing, columns_of, field_of
from fieldstone.integrations.salesforce.elements import flag_of, text_of, texts_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.integrations.salesforce.profiles import shown_to
from fieldstone.integrations.salesforce.quick_actions import action_named
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json

_NO_OBJECTS: Final = frozenset({"Global", "CaseClose", "CaseInteraction", "UserAlt"})
_BEHAVIOURS: Final = {"Edit": "edit", "Readonly": "readonly", "Required": "required"}
LINK: Final = "WebLink"
_ONE_COLUMN: Final = "OneColumn"
_ON_EVERY_PAGE: Final = {
    "RelatedEntityHistoryList": "its history",
    "RelatedOpportunityHistoryList": "its history",
    "RelatedCaseHistoryList": "its history",
    "RelatedLeadHistoryList": "its history",
}
"""Lists that are no lists of records here, by what takes their place on every page."""

_NOTES: Final = ("Note.person", "Note.company", "Note.related_to")
_FILES: Final = ("Attachment.parent",)
_RELATED: Final[Mapping[str, tuple[str, ...]]] = {
    "RelatedNoteList": _NOTES,
    "RelatedContentNoteList": _NOTES,
    "RelatedFileList": _FILES,
    "RelatedAttachmentList": _FILES,
    "RelatedNotesAndAttachmentsList": _FILES,
    "RelatedActivityList": ("Task.WhatId", "Task.WhoId", "Task.AccountId"),
    "RelatedHistoryList": ("Event.WhatId", "Event.WhoId", "Event.AccountId"),
    "RelatedContactList": ("Contact.AccountId",),
    "RelatedOpportunityList": (
        "Opportunity.AccountId",
        "Opportunity.CampaignId",
        "Opportunity.contact",
    ),
    "RelatedCaseList": ("Case.AccountId", "Case.ContactId", "Case.ParentId"),
    "RelatedCaseListContact": ("Case.ContactId",),
    "RelatedCampaignMemberList": ("CampaignMember.CampaignId",),
    "RelatedCampaignList": ("CampaignMember.ContactId", "CampaignMember.LeadId"),
    "RelatedCampaignHierarchyList": ("Campaign.ParentId",),
    "RelatedLineItemList": ("OpportunityLineItem.OpportunityId",),
    "RelatedContractList": ("Contract.AccountId",),
    "RelatedOrderList": ("Order.AccountId", "Order.ContractId"),
    "RelatedQuoteList": ("Quote.OpportunityId", "Quote.AccountId"),
    "RelatedAssetList": ("Asset.AccountId", "Asset.ContactId"),
    "RelatedEmailMessageList": ("EmailMessage.ParentId",),
    "RelatedLeadList": ("Lead.CampaignId",),
    "RelatedContactRoleList": ("OpportunityContactRole.OpportunityId",),
    "RelatedAccountContactRelationList": (
        "AccountContactRelation.AccountId",
        "AccountContactRelation.ContactId",
    ),
    "RelatedPricebookEntryList": ("PricebookEntry.Product2Id",),
}
"""What the lists of standard objects show, each by the reference that leads to the owner."""

_ATTACHED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("RelatedNoteList", "RelatedContentNoteList"), "Note.related_to"),
    **dict.fromkeys(("RelatedFileList", "RelatedAttachmentList"), _FILES[0]),
    "RelatedNotesAndAttachmentsList": _FILES[0],
    "RelatedActivityList": "Task.WhatId",
    "RelatedHistoryList": "Event.WhatId",
}
"""By which reference what belongs to any record is made to belong to those of one more object."""

_NOTED: Final = {
    "miniLayout": "Its small form for the console is not kept.",
    "feedLayout": "Its feed is not kept.",
    "summaryLayout": "",
    "relatedContent": "Its content beside the record is not kept.",
}


def read_layout(item: Item, names: Names) -> Mapped:
    """Give the layout of an object's pages; those of activities become one of each."""
    owner, point, written = unquote(item.name).partition("-")
    if owner in _NO_OBJECTS or not point:
        return left_out("It lays out no pages of records.")
    made, notes = [], dict[str, None]()
    for obj in names.objects_meant(owner):
        own, missing = layout_called(owner, written, names), Missing()
        body = _body(item.xml, obj, names, missing, notes)
        shown, said = shown_to(owner, own, names)
        body |= {"label": written[:120], **shown}
        notes |= dict.fromkeys(said)
        made.append(Component("layout", f"{obj}.{own}", body, names.package))
        notes |= dict.fromkeys(missing.notes())
    for tag, note in _NOTED.items():
        if note and item.xml.find(tag) is not None:
            notes[note] = None
    return Mapped(tuple(made), tuple(notes))


def _body(
    xml: Element, owner: str, names: Names, missing: Missing, notes: dict[str, None]
) -> dict[str, Json]:
    sections: list[Json] = []
    links: list[Json] = []
    for section in xml.iterfind("layoutSections"):
        if text_of(section, "style") == "CustomLinks":
            told = (one for one in _links(section) if names.contents.has_part(LINK, owner, one))
            links.extend(map(own_name, told))
            continue
        said = _section(section, owner, names, missing, notes)
        if said is not None:
            sections.append(said)
    related: dict[str, Json] = {}
    for one in xml.iterfind("relatedLists"):
        found = _related_list(one, owner, names, notes)
        if found is not None:
            related.setdefault(str(found["relation"]), found)
    body: dict[str, Json] = {"object": owner, "sections": sections}
    actions: list[Json] = [*_actions(xml, owner, names)]
    lists: list[Json] = [*related.values()]
    parts = {"related_lists": lists, "links": links, "actions": actions}
    return body | {key: told for key, told in parts.items() if told}


def _section(
    section: Element, owner: str, names: Names, missing: Missing, notes: dict[str, None]
) -> dict[str, Json] | None:
    columns: list[Json] = []
    for column in section.iterfind("layoutColumns"):
        items: list[Json] = []
        for one in column.iterfind("layoutItems"):
            said = _item(one, owner, names, missing, notes)
            if said is not None:
                items.append(said)
        columns.append(items)
    if text_of(section, "style").startswith(_ONE_COLUMN):
        columns = columns[:1]
    if not any(columns):
        return None
    label = text_of(section, "label")
    return {
        "label": label[:120],
        "columns": columns[:2],
        "show_label": bool(label),
    }


def _item(
    item: Element, owner: str, names: Names, missing: Missing, notes: dict[str, None]
) -> dict[str, Json] | None:
    """Give a field with its behaviour, or a gap; None for what has no place here."""
    written = text_of(item, "field")
    if not written:
        if flag_of(item, "emptySpace"):
            return {}
        for tag in ("page", "component", "canvas", "reportChartComponent", "customLink"):
            if item.find(tag) is not None:
                notes["Pages and parts of code that stand in it are not brought over."] = None
        return None
    if written == "RecordTypeId":
        has_types = names.contents.has_parts("RecordType", owner)
        return {"field": "record_type", "behaviour": "readonly"} if has_types else None
    found = field_of(names, owner, written)
    if found is None:
        missing.add(written)
        return None
    behaviour = _BEHAVIOURS.get(text_of(item, "behavior"), "edit")
    return {"field": found.name, "behaviour": behaviour}


def _related_list(
    xml: Element, owner: str, names: Names, notes: dict[str, None]
) -> dict[str, Json] | None:
    code = text_of(xml, "relatedList")
    if code in _ON_EVERY_PAGE:
        notes[f"The list {code} is not kept: every page has {_ON_EVERY_PAGE[code]}."] = None
        return None
    relation = _relation(code, owner, names)
    if relation is None:
        notes[f"The list {code} is not kept: nothing like it points here."] = None
        return None
    child = relation.partition(".")[0]
    missing = Missing()
    columns = columns_of(names, child, texts_of(xml, "fields"), missing)
    notes |= dict.fromkeys(f"In the list {code}: {note}" for note in missing.notes("columns"))
    said: dict[str, Json] = {"relation": relation, "columns": list(columns)[:30]}
    sort = columns_of(names, child, texts_of(xml, "sortField"), Missing())
    if sort:
        said |= {"sort": sort[0], "descending": text_of(xml, "sortOrder") == "Desc"}
    return said


def _relation(code: str, owner: str, names: Names) -> str | None:
    """Give the reference by which the records of a related list point to their owner."""
    for written in _RELATED.get(code, (code,)):
        child, point, name = written.partition(".")
        if not point:
            continue
        if written == code:
            obj: str | None = names.objects_meant(child)[0]
        else:
            obj = names.find_object(child)
        known = None if obj is None else names.need_field(obj, name, "lookup", (owner,))
        if known is not None and owner in known.targets:
            return f"{obj}.{known.name}"
    return attach(_ATTACHED[code], owner, names) if code in _ATTACHED else None


def _links(section: Element) -> Iterable[str]:
    for column in section.iterfind("layoutColumns"):
        for item in column.iterfind("layoutItems"):
            yield from texts_of(item, "customLink")


def _actions(xml: Element, owner: str, names: Names) -> Iterable[str]:
    """Give the quick actions that stand on a page, as far as the package brings them."""
    written = [
        text_of(one, tag)
        for listed, items, tag in _ACTION_LISTS
        for one in xml.iterfind(f"{listed}/{items}")
    ]
    found = (action_named(one, owner, names) for one in written)
    return dict.fromkeys(one for one in found if one is not None)


_ACTION_LISTS: Final = (
    ("platformActionList", "platformActionListItems", "actionName"),
    ("quickActionList", "quickActionListItems", "quickActionName"),
)
