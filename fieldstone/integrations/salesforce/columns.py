"""Columns as lists and layouts of Salesforce name them: fields, paths, and codes of old.

Lists of standard objects say OPPORTUNITY.STAGE_NAME or CORE.USERS.ALIAS where others say a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldstone.integrations.salesforce.contents import KnownField
from fieldstone.integrations.salesforce.names import Names, has_types
from fieldstone.metadata.held_fields import DEVELOPER_NAME, MASTER_LABEL, SETUP_OWNER
from fieldstone.metadata.values import fold

_CODE: Final = re.compile(r"([A-Z]\w*\.)*[A-Z][A-Z0-9_]*")
_RECORD_TYPES: Final = frozenset({"recordtypeid", "recordtype"})
_SORT_OF_ACTIVITY: Final = "ACTIVITY.TASK"
"""Tells tasks from events, which are lists of their own here."""
_USERS: Final = "CORE.USERS."
_NAMES: Final = ("NAME", "FULL_NAME", "ACC_NAME")
_CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "FULL_NAME": ("Name",),
    "ACC_NAME": ("Name",),
    "CNTC_FIRST_NAME": ("FirstName",),
    "CNTC_LAST_NAME": ("LastName",),
    "OBJECT_ID": ("Id",),
    "LAST_UPDATE": ("LastModifiedDate",),
    "CREATEDBY_USER": ("CreatedById",),
    "UPDATEDBY_USER": ("LastModifiedById",),
    "LASTMODIFIEDBY_USER": ("LastModifiedById",),
    "OWNER": ("OwnerId",),
    "PHONE1": ("Phone",),
    "PHONE2": ("Fax",),
    "PHONE3": ("MobilePhone", "Phone"),
    "URL": ("Website", "DisplayUrl"),
    "SALES": ("AnnualRevenue",),
    "EMPLOYEES": ("NumberOfEmployees",),
    "SOURCE": ("LeadSource", "AccountSource"),
    "ADDRESS1_STREET": ("BillingStreet", "MailingStreet", "Street"),
    "ADDRESS1_CITY": ("BillingCity", "MailingCity", "City"),
    "ADDRESS1_STATE": ("BillingState", "MailingState", "State"),
    "ADDRESS1_ZIP": ("BillingPostalCode", "MailingPostalCode", "PostalCode"),
    "ADDRESS1_COUNTRY": ("BillingCountry", "MailingCountry", "Country"),
    "ADDRESS2_STREET": ("ShippingStreet", "OtherStreet"),
    "ADDRESS2_CITY": ("ShippingCity", "OtherCity"),
    "ADDRESS2_STATE": ("ShippingState", "OtherState"),
    "ADDRESS2_ZIP": ("ShippingPostalCode", "OtherPostalCode"),
    "ADDRESS2_COUNTRY": ("ShippingCountry", "OtherCountry"),
    "CLOSED": ("IsClosed",),
    "WON": ("IsWon",),
    "ACTIVE": ("IsActive",),
    "PRIVATE": ("IsPrivate",),
    "CAMPAIGN_TYPE": ("Type",),
    "MEMBER_TYPE": ("Type",),
    "RESPONDED": ("HasResponded",),
    "DUE_DATE": ("ActivityDate",),
    "WHO_NAME": ("WhoId",),
    "WHAT_NAME": ("WhatId",),
    "LAST_ACTIVITY": ("LastActivityDate",),
    "RECORDTYPE": ("RecordTypeId",),
    "TOTAL_NUM_LEADS": ("NumberOfLeads",),
    "TOT_NUM_SENT": ("NumberSent",),
    "TOT_CONTACTS": ("NumberOfContacts",),
    "TOT_NUM_RESPONSES": ("NumberOfResponses",),
    "TOT_CONVERTED_LEADS": ("NumberOfConvertedLeads",),
    "TOT_OPPORTUNITIES": ("NumberOfOpportunities",),
    "TOT_WON_OPPORTUNITIES": ("NumberOfWonOpportunities",),
    "TOT_AMOUNT_ALL": ("AmountAllOpportunities",),
    "TOT_AMOUNT_WON": ("AmountWonOpportunities",),
    "TOT_EXP_REVENUE": ("ExpectedRevenue",),
    "TOT_BUDGETED_COST": ("BudgetedCost",),
    "TOT_ACTUAL_COST": ("ActualCost",),
    **dict.fromkeys(("CREATED_DATE_DATEONLY", "CREATED_DATE_DATE_ONLY"), ("CreatedDate",)),
    **dict.fromkeys(("LAST_UPDATE_DATEONLY", "LAST_UPDATE_DATE_ONLY"), ("LastModifiedDate",)),
    "CLOSED_DATE_DATE_ONLY": ("ClosedDate",),
    "NAME": ("Name", "ContactId"),
    "PARENT_NAME": ("ParentId",),
    "PARENT_CASE_ID": ("ParentId",),
    "OWNER_NAME": ("OwnerId",),
    "CREATED_ALIAS": ("CreatedById",),
    "LAST_UPDATE_BY": ("LastModifiedById",),
    "UPDATEDBY_USER.ALIAS": ("LastModifiedById",),
    "REPORTS_TO_NAME": ("ReportsToId",),
    "CAMPAIGN_NAME": ("CampaignId",),
    "CONTACT_NAME": ("ContactId",),
    "ALIAS": ("Alias", "Name"),
}
"""What a code means, where it is not the name of the field in capitals."""

_BEFORE: Final[Mapping[str, str]] = {
    "ACCOUNT": "Account",
    "CONTACT": "Contact",
    "OPPORTUNITY": "Opportunity",
    "CASES": "Case",
    "CASE": "Case",
    "LEAD": "Lead",
    "CAMPAIGN": "Campaign",
    "CM": "CampaignMember",
    "TASK": "Task",
    "EVENT": "Event",
    "ACTIVITY": "Activity",
    "PRODUCT": "Product2",
    "PRODUCT2": "Product2",
    "CONTRACT": "Contract",
    "ORDERS": "Order",
    "ASSET": "Asset",
    "QUOTE": "Quote",
    "USERS": "User",
}
"""Which object a code in front of a point means."""

_OF_HELD: Final[Mapping[str, Mapping[str, str]]] = {
    "metadata": {
        "masterlabel": MASTER_LABEL,
        "label": MASTER_LABEL,
        "name": MASTER_LABEL,
        "developername": DEVELOPER_NAME,
        "qualifiedapiname": DEVELOPER_NAME,
    },
    "settings": {"setupownerid": SETUP_OWNER, "setupowner": SETUP_OWNER, "name": SETUP_OWNER},
}


@dataclass(slots=True)
class Missing:
    """Gathers what a part names and this place does not know, for one note."""

    told: dict[str, None] = field(default_factory=dict)

    def add(self, written: str) -> None:
        """Note a name."""
        self.told[written] = None

    def notes(self, noun: str = "fields") -> tuple[str, ...]:
        """Give the note; none where nothing is missing."""
        if not self.told:
            return ()
        return (f"Left out, as there are no such {noun} here: {', '.join(self.told)}.",)


def field_of(names: Names, owner: str, written: str) -> KnownField | None:
    """Give a field of an object, without the part of it that may be meant; None if it is unknown.

    A custom field that nobody brings is made.
    """
    if "." in written:
        # A parent's name is what its reference shows.
        column = column_of(names, owner, written)
        return None if column is None or "." in column[0] else column[1]
    found = _held(names, owner, written) or _type_of(names, owner, written)
    found = found or names.need_field(owner, written)
    return None if found is None else _whole(found)


def field_there(names: Names, owner: str, written: str) -> KnownField | None:
    """Give a field as field_of does, if it is there by now: none is made."""
    found = _held(names, owner, written) or _type_of(names, owner, written)
    found = found or names.field_there(owner, written)
    return None if found is None else _whole(found)


def column_of(names: Names, owner: str, written: str) -> tuple[str, KnownField] | None:
    """Give the path that a column means, and the field it ends with; None if it means nothing."""
    if _CODE.fullmatch(written) and not written.endswith("__C"):
        return _coded(names, owner, written)
    *steps, last = written.split(".")
    if steps and _is_itself(names, owner, steps[0]):
        steps.pop(0)
    if last == "Alias" or (steps and last == "Name"):
        # The name of a parent is what its reference shows anyway.
        found = names.relation(owner, steps[-1]) if len(steps) == 1 else None
        if found is not None:
            return found.name, found
    path, obj = [], owner
    for step in steps:
        parent = names.relation(obj, step)
        if parent is None or not parent.targets:
            return None
        path.append(parent.name)
        obj = parent.targets[0]
    known = _held(names, obj, last) or _type_of(names, obj, last) or names.need_field(obj, last)
    return None if known is None else (".".join([*path, known.name]), known)


def columns_of(
    names: Names, owner: str, written: Iterable[str], missing: Missing
) -> tuple[str, ...]:
    """Give the paths of columns, each once and without parts of values."""
    found: dict[str, None] = {}
    for one in written:
        column = column_of(names, owner, one)
        if one == _SORT_OF_ACTIVITY:
            continue
        if column is None:
            missing.add(one)
        else:
            found[_without_part(column)] = None
    return tuple(found)


def _coded(names: Names, owner: str, written: str) -> tuple[str, KnownField] | None:
    if written.startswith(_USERS):
        return _ended(names, owner, "OwnerId")
    before, _, code = written.rpartition(".")
    prefix = before.rpartition(".")[2]
    if prefix in ("OWNER", "CREATEDBY_USER", "UPDATEDBY_USER"):
        return _first(names, owner, prefix)
    if not prefix or _is_itself(names, owner, _BEFORE.get(prefix.upper(), prefix)):
        return _first(names, owner, code)
    called = _BEFORE.get(prefix.upper(), prefix)
    parent = _relation_there(names, owner, called) or _reference_to(names, owner, called)
    if parent is None or not parent.targets:
        return _first(names, owner, code) if prefix in _BEFORE else None
    if code in _NAMES:
        return parent.name, parent
    found = _first(names, parent.targets[0], code)
    return None if found is None else (f"{parent.name}.{found[0]}", found[1])


def _relation_there(names: Names, owner: str, called: str) -> KnownField | None:
    """Give the reference that a code in front of a point means; none is made for it."""
    told = (names.find_field(owner, one) for one in (called, f"{called}Id"))
    return next((one for one in told if one is not None and one.targets), None)


def _reference_to(names: Names, owner: str, target: str) -> KnownField | None:
    """Give the first reference of an object to another one; None if there is none."""
    meant = names.find_object(target)
    fields = names.contents.fields.items()
    own = (one for (obj, _), one in fields if obj == fold(owner))
    return next((one for one in own if meant is not None and meant in one.targets), None)


def _first(names: Names, owner: str, code: str) -> tuple[str, KnownField] | None:
    for one in _CODES.get(code, (_camel(code),)):
        found = _ended(names, owner, one)
        if found is not None:
            return found
    return None


def _ended(names: Names, owner: str, name: str) -> tuple[str, KnownField] | None:
    found = _held(names, owner, name) or _type_of(names, owner, name)
    found = found or names.find_field(owner, name)
    return None if found is None else (found.name, found)


def _type_of(names: Names, owner: str, written: str) -> KnownField | None:
    """Give the record type, where that is meant and the records of an object have one."""
    if fold(written) not in _RECORD_TYPES or not has_types(owner, names):
        return None
    return KnownField("record_type", "text")


def _held(names: Names, owner: str, written: str) -> KnownField | None:
    called = _OF_HELD.get(names.holds(owner), {}).get(fold(written))
    return None if called is None else KnownField(called, "text")


def _is_itself(names: Names, owner: str, written: str) -> bool:
    return names.find_object(written) == owner or (
        written == "Activity" and owner in ("Task", "Event")
    )


def _camel(code: str) -> str:
    return "".join(part.capitalize() for part in code.split("_"))


def _whole(known: KnownField) -> KnownField:
    whole, point, _ = known.name.partition(".")
    return KnownField(whole, "address", known.targets) if point else known


def _without_part(column: tuple[str, KnownField]) -> str:
    path, known = column
    _, point, part = known.name.partition(".")
    return path.removesuffix(f".{part}") if point else path
