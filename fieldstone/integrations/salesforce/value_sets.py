"""Standard value sets: the values that a package has in picklists that are here already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.picklists import options_of, values_in
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json, JsonObject, fold

FIELDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "AccountType": ("Account.Type",),
    "AccountRating": ("Account.Rating",),
    "AccountOwnership": ("Account.Ownership",),
    "AccountSource": ("Account.AccountSource",),
    "Industry": ("Account.Industry", "Lead.Industry"),
    "LeadSource": ("Lead.LeadSource", "Contact.LeadSource", "Opportunity.LeadSource"),
    "LeadStatus": ("Lead.Status",),
    "OpportunityStage": ("Opportunity.StageName",),
    "OpportunityType": ("Opportunity.Type",),
    "CampaignMemberStatus": ("CampaignMember.Status",),
    "CampaignStatus": ("Campaign.Status",),
    "CampaignType": ("Campaign.Type",),
    "CaseOrigin": ("Case.Origin",),
    "CasePriority": ("Case.Priority",),
    "CaseReason": ("Case.Reason",),
    "CaseStatus": ("Case.Status",),
    "CaseType": ("Case.Type",),
    "ContractStatus": ("Contract.Status",),
    "EventSubject": ("Event.Subject",),
    "EventType": ("Event.Type",),
    "OrderStatus": ("Order.Status",),
    "OrderType": ("Order.Type",),
    "Product2Family": ("Product2.Family",),
    "QuoteStatus": ("Quote.Status",),
    "Salutation": ("Contact.Salutation", "Lead.Salutation"),
    "TaskPriority": ("Task.Priority",),
    "TaskStatus": ("Task.Status",),
    "TaskSubject": ("Task.Subject",),
    "TaskType": ("Task.Type",),
}
"""The fields that have the values of each standard set."""

_CHOICES: Final = frozenset({"picklist", "multi_select"})


def read_standard_value_set(item: Item, names: Names) -> Mapped:
    """Give the fields that have a standard set, with those of its values that they lack.

    What is there stays: nobody's records lose a value by it.
    """
    values, _ = options_of(values_in(item.xml))
    made: dict[tuple[str, str], Component] = {}
    notes: dict[str, None] = {}
    for full in FIELDS_OF.get(item.name, ()):
        written, _, own = full.partition(".")
        owner = names.find_object(written)
        known = None if owner is None else names.find_field(owner, own)
        if owner is None or known is None or "." in known.name:
            continue
        found = _extended(owner, known.name, values, names)
        if found is None:
            notes[f"{owner}.{known.name} takes any value, and keeps its own list."] = None
        else:
            made[found.key] = found
    if not made and not notes:
        return left_out("No field here has these values.")
    return Mapped(tuple(made.values()), tuple(notes))


def _extended(owner: str, own: str, values: list[Json], names: Names) -> Component | None:
    """Give the field, or the shared list that it uses, with more values; None for no picklist."""
    field = names.stored("field", f"{owner}.{own}")
    if field is None or field.body.get("type") not in _CHOICES:
        return None
    shared = field.body.get("value_set")
    holder = names.stored("picklist", str(shared)) if shared else field
    if holder is None:
        return None
    body: JsonObject = holder.body
    told: Any = body.get("options") or ()
    have = {fold(_value_of(one)) for one in told}
    more = [one for one in values if fold(_value_of(one)) not in have]
    if not more:
        return holder
    return Component(holder.kind, holder.name, {**body, "options": [*told, *more]}, holder.package)


def _value_of(option: object) -> str:
    return str(option.get("value", "")) if isinstance(option, Mapping) else str(option)
