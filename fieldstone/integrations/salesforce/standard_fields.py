"""Fields that Salesforce has of itself and the shipped CRM has not, and parts of its compounds.

Made when a package names them; where a type is not told here, nothing is known of the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from fieldstone.metadata.values import Json, JsonObject, fold

_OPEN: Final[JsonObject] = {"type": "picklist", "restricted": False}
_TYPES: Final[Mapping[str, JsonObject]] = {
    "text": {"type": "text"},
    "code": {"type": "text", "length": 80},
    "lines": {"type": "long_text"},
    "phone": {"type": "phone"},
    "email": {"type": "email"},
    "url": {"type": "url"},
    "date": {"type": "date"},
    "datetime": {"type": "datetime"},
    "time": {"type": "time"},
    "checkbox": {"type": "checkbox"},
    "count": {"type": "number", "precision": 18, "places": 0},
    "number": {"type": "number", "precision": 18, "places": 2},
    "money": {"type": "currency", "precision": 18, "places": 2},
    "percent": {"type": "percent", "lowest": None, "highest": None},
    "place": {"type": "geolocation"},
    "address": {"type": "address"},
    "choice": _OPEN,
    "choices": {"type": "multi_select", "restricted": False},
}

_FIELDS: Final[Mapping[str, str]] = {
    "Account": (
        "AccountSource:choice CleanStatus:choice CustomerPriority:choice DunsNumber:code"
        " Jigsaw:code NaicsCode:code NaicsDesc:text Ownership:choice Rating:choice Sic:code"
        " SicDesc:code Site:code TickerSymbol:code Tradestyle:text YearStarted:code"
        " IsPartner:checkbox IsCustomerPortal:checkbox IsPersonAccount:checkbox"
        " LastActivityDate:date ShippingAddress:address Fax:phone"
    ),
    "Contact": (
        "AssistantName:code AssistantPhone:phone HomePhone:phone OtherPhone:phone Fax:phone"
        " OtherAddress:address Languages:text Level:choice Suffix:code MiddleName:code"
        " HasOptedOutOfFax:checkbox EmailBouncedDate:datetime EmailBouncedReason:text"
        " IsEmailBounced:checkbox LastActivityDate:date LastCURequestDate:datetime"
        " LastCUUpdateDate:datetime CleanStatus:choice Jigsaw:code"
    ),
    "Lead": (
        "Salutation:choice Fax:phone IsConverted:checkbox IsUnreadByOwner:checkbox"
        " CleanStatus:choice Jigsaw:code CompanyDunsNumber:code HasOptedOutOfFax:checkbox"
        " LastTransferDate:date LastActivityDate:date EmailBouncedDate:datetime"
        " EmailBouncedReason:text Suffix:code MiddleName:code"
    ),
    "Opportunity": (
        "IsClosed:checkbox IsWon:checkbox IsPrivate:checkbox HasOpportunityLineItem:checkbox"
        " ExpectedRevenue:money TotalOpportunityQuantity:number Fiscal:code FiscalQuarter:count"
        " FiscalYear:count LastActivityDate:date IqScore:count IsSplit:checkbox"
        " ContractId:@Contract"
    ),
    "Case": (
        "IsClosed:checkbox IsEscalated:checkbox IsVisibleInSelfService:checkbox Reason:choice"
        " SuppliedCompany:code SuppliedEmail:email SuppliedName:code SuppliedPhone:code"
        " Comments:lines ContactEmail:email ContactPhone:phone ContactMobile:phone"
        " ContactFax:phone IsClosedOnCreate:checkbox IsSelfServiceClosed:checkbox"
        " IsStopped:checkbox StopStartDate:datetime ParentId:@Case AssetId:@Asset"
    ),
    "Campaign": (
        "NumberSent:count NumberOfLeads:count NumberOfContacts:count NumberOfResponses:count"
        " NumberOfConvertedLeads:count NumberOfOpportunities:count"
        " NumberOfWonOpportunities:count AmountAllOpportunities:money"
        " AmountWonOpportunities:money LastActivityDate:date HierarchyNumberOfContacts:count"
        " HierarchyNumberOfLeads:count HierarchyBudgetedCost:money HierarchyActualCost:money"
    ),
    "CampaignMember": (
        "HasResponded:checkbox Name:text Type:code FirstName:code LastName:code Email:email"
        " Phone:phone City:code Country:code Company:text"
    ),
    "Contract": (
        "ActivatedDate:datetime BillingAddress:address CompanySignedDate:date"
        " ContractTerm:count CustomerSignedDate:date CustomerSignedTitle:code Description:lines"
        " OwnerExpirationNotice:choice SpecialTerms:lines StatusCode:choice"
        " CustomerSignedId:@Contact CompanySignedId:@User ActivatedById:@User"
    ),
    "Task": (
        "CallDurationInSeconds:count CallDisposition:text CallType:choice CallObject:text"
        " IsClosed:checkbox IsHighPriority:checkbox IsArchived:checkbox IsRecurrence:checkbox"
        " IsReminderSet:checkbox"
    ),
    "Event": (
        "ActivityDate:date ActivityDateTime:datetime DurationInMinutes:count"
        " IsArchived:checkbox IsGroupEvent:checkbox IsRecurrence:checkbox IsReminderSet:checkbox"
    ),
    "User": (
        "Alias:code CommunityNickname:code CompanyName:code Division:code EmployeeNumber:code"
        " Extension:phone Fax:phone Address:address LanguageLocaleKey:code EmailEncodingKey:code"
        " UserType:choice FederationIdentifier:text AboutMe:lines CurrentStatus:text"
        " DefaultCurrencyIsoCode:code ReceivesInfoEmails:checkbox ContactId:@Contact"
        " AccountId:@Account"
    ),
    "Product2": (
        "Family:choice ProductCode:code StockKeepingUnit:code QuantityUnitOfMeasure:choice"
        " ExternalDataSourceId:code ExternalId:code DisplayUrl:url IsArchived:checkbox"
    ),
    "OpportunityLineItem": "ServiceDate:date ListPrice:money ProductCode:code Subtotal:money",
    "Order": (
        "ActivatedDate:datetime BillingAddress:address ShippingAddress:address Type:choice"
        " PoNumber:code PoDate:date OrderReferenceNumber:code EndDate:date"
    ),
    "Asset": (
        "Name:text SerialNumber:code InstallDate:date PurchaseDate:date UsageEndDate:date"
        " Price:money Quantity:number Status:choice Description:lines AccountId:@Account"
        " ContactId:@Contact Product2Id:@Product2 ParentId:@Asset"
    ),
    "EmailMessage": "Headers:lines IsExternallyVisible:checkbox ReplyToEmailMessageId:code",
}

_PARTS: Final = ("Street", "City", "State", "PostalCode", "Country")
_OURS: Final = ("street", "city", "state", "postal_code", "country")
_CODES: Final = (("StateCode", "state"), ("CountryCode", "country"))
_COMPOUNDS: Final[Mapping[str, Mapping[str, str]]] = {
    "Account": {"Billing": "BillingAddress", "Shipping": "ShippingAddress"},
    "Contact": {"Mailing": "MailingAddress", "Other": "OtherAddress"},
    "Lead": {"": "address"},
    "Contract": {"Billing": "BillingAddress", "Shipping": "ShippingAddress"},
    "Order": {"Billing": "BillingAddress", "Shipping": "ShippingAddress"},
    "Quote": {"Billing": "BillingAddress", "Shipping": "ShippingAddress"},
    "User": {"": "Address"},
}
"""Compound fields of each object by what the names of their parts begin with."""

_FORMULAS: Final[Mapping[tuple[str, str], str]] = {
    ("opportunity", "isclosed"): 'CASE(StageName, "Closed Won", TRUE, "Closed Lost", TRUE, FALSE)',
    ("opportunity", "iswon"): 'ISPICKVAL(StageName, "Closed Won")',
    ("opportunity", "expectedrevenue"): "Amount * Probability",
    ("case", "isclosed"): 'ISPICKVAL(Status, "Closed")',
    ("lead", "isconverted"): 'ISPICKVAL(Status, "Converted")',
    ("task", "isclosed"): 'ISPICKVAL(Status, "Completed")',
    ("task", "ishighpriority"): 'ISPICKVAL(Priority, "High")',
    ("event", "activitydate"): "DATEVALUE(StartDateTime)",
    ("event", "activitydatetime"): "StartDateTime",
    ("event", "durationinminutes"): "(EndDateTime - StartDateTime) * 1440",
}
"""What Salesforce works out of itself, by what the shipped CRM has of it."""

COMMON: Final[Mapping[str, JsonObject]] = {
    "lastactivitydate": _TYPES["date"],
    "lastvieweddate": _TYPES["datetime"],
    "lastreferenceddate": _TYPES["datetime"],
    "currencyisocode": _OPEN,
}
"""Fields that any object may have."""

_OF_ITSELF: Final = re.compile("[A-Z][A-Za-z0-9]{1,39}")
_RELATED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("Manager", "DelegatedApprover", "CreatedBy", "LastModifiedBy"), "User"),
    **dict.fromkeys(("DefaultGroup", "Queue"), "Group"),
}
"""What references of Salesforce's own point to, where their names do not end with it."""


def may_be_of_itself(object_name: str, name: str) -> bool:
    """Tell whether Salesforce may have a field of itself, by how it and its object are called."""
    return "__" not in object_name and _OF_ITSELF.fullmatch(name) is not None


def target_of_itself(object_name: str, reference: str) -> str:
    """Give what a reference that Salesforce has of itself points to, by its name without Id."""
    if reference.startswith(("Parent", "Root", "Master", "Original")):
        return object_name
    for standard in ("Account", "Contact", "Opportunity", "Campaign", "Lead", "Case", "User"):
        if reference.endswith(standard):
            return standard
    return _RELATED.get(reference, reference)


def standard_body(object_name: str, name: str, *, of_crm: bool) -> dict[str, Json] | None:
    """Give what a standard field of Salesforce is; None for one that is not known here.

    of_crm: whether the object is one of the shipped CRM, which has what others follow from.
    """
    key = fold(object_name), fold(name)
    found = _BY_NAME.get(key) or COMMON.get(fold(name))
    if found is None:
        return None
    formula = _FORMULAS.get(key) if of_crm else None
    return dict(found) if formula is None else {**found, "formula": formula}


def compound_part(object_name: str, name: str) -> tuple[str, str] | None:
    """Give the compound field, as Salesforce calls it, and which part of it a name means."""
    return _PART_OF.get((fold(object_name), fold(name)))


def custom_part(name: str) -> tuple[str, str, str] | None:
    """Give the field, the part and the type of the whole that a name such as At__City__s means.

    None where it is not that of a part.
    """
    found = _CUSTOM_PART.fullmatch(name)
    if found is None:
        return None
    part, whole = _OUR_PARTS[fold(found[2])]
    return f"{found[1]}__c", part, whole


def standard_objects() -> tuple[str, ...]:
    """Give the standard objects of which something is known here."""
    return tuple({**_FIELDS, **_COMPOUNDS})


def _body_of(kind: str, name: str) -> JsonObject:
    """Give the body of a kind of field; of @Case, that of a reference to a case."""
    if not kind.startswith("@"):
        return _TYPES[kind]
    return {"type": "lookup", "references": kind[1:], "aliases": [name.removesuffix("Id")]}


_BY_NAME: Final = {
    (fold(owner), fold(name)): _body_of(kind, name)
    for owner, told in _FIELDS.items()
    for name, _, kind in (one.partition(":") for one in told.split())
}
_OUR_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "latitude": ("latitude", "geolocation"),
    "longitude": ("longitude", "geolocation"),
    **{fold(theirs): (ours, "address") for theirs, ours in zip(_PARTS, _OURS, strict=True)},
    "statecode": ("state", "address"),
    "countrycode": ("country", "address"),
}
_CUSTOM_PART: Final = re.compile(f"(.+)__({'|'.join(_OUR_PARTS)})__s", re.IGNORECASE)
"""Parts of a custom compound field; of an address, codes stand where its names do."""

_PART_OF: Final = {
    (fold(owner), fold(before + theirs)): (compound, ours)
    for owner, compounds in _COMPOUNDS.items()
    for before, compound in compounds.items()
    for theirs, ours in (*zip(_PARTS, _OURS, strict=True), *_CODES)
}
