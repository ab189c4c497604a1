"""Tests of formulas that lean on what Salesforce has of itself and on what nobody brings."""

from __future__ import annotations

import asyncio
from xml.sax.saxutils import escape

import pytest

from fieldstone.integrations.salesforce.report import Outcome
from tests.support.salesforce_packages import Brought, bring, fields_of, xml

_FIELDS = {
    "Case__c": "<type>Lookup</type><referenceTo>Case</referenceTo>",
    "Work__c": "<type>Lookup</type><referenceTo>WorkOrder</referenceTo>",
    "Contact__c": "<type>Lookup</type><referenceTo>Contact</referenceTo>",
    "Person__c": "<type>Lookup</type><referenceTo>Individual</referenceTo>",
    "Place__c": "<type>Location</type><scale>5</scale>",
}
_FORMULAS = (
    ("Text", "Owner:User.Profile.Name & Owner.UserRole.Name & CreatedBy.Profile.Name"),
    ("Text", "Work__r.WorkOrderNumber & TEXT(Work__r.Status)"),
    ("DateTime", "Work__r.StartDate"),
    ("Text", "Work__r.Account.Name & Work__r.ParentWorkOrder.WorkOrderNumber"),
    ("Text", "TEXT(Contact__r.MailingStateCode) & Contact__r.Account.PersonEmail"),
    ("Checkbox", "Contact__r.Individual.HasOptedOutSolicit"),
    ("Text", "Person__r.FirstName & Case__r.Entitlement.Name"),
    ("Text", "TEXT(CurrencyIsoCode) & IF(IsDeleted, 'gone', 'here')"),
    ("Text", "$CustomMetadata.Limits__mdt.Usual.Text__c"),
    ("Number", "$CustomMetadata.Limits__mdt.Usual.Most__c * 2"),
    ("Checkbox", "$Setup.Switches__c.On__c"),
    ("Text", "VLOOKUP($ObjectType.Zip__c.Fields.City__c, $ObjectType.Zip__c.Fields.Name, 'x')"),
    ("Text", "Contact__r.Account.Nickname__pc & ''"),
    ("Number", "DISTANCE(Place__c, GEOLOCATION(Work__r.Latitude, Work__r.Longitude), 'km')"),
)


def _files() -> dict[str, bytes]:
    made = {
        f"F{number}__c": f"<type>{kind}</type><formula>{escape(text)}</formula>"
        for number, (kind, text) in enumerate(_FORMULAS)
    }
    files = fields_of("Job__c", **_FIELDS, **made)
    files["objects/Job__c/Job__c.object-meta.xml"] = xml(
        "CustomObject", "<label>Job</label><pluralLabel>Jobs</pluralLabel>"
    )
    return files


@pytest.fixture(scope="module")
def brought() -> Brought:
    """Give a package whose formulas lean on others, as it was brought."""
    return asyncio.run(bring(_files()))


@pytest.mark.parametrize("number", range(len(_FORMULAS)))
def test_each_formula_can_be_worked_out(brought: Brought, number: int) -> None:
    line = brought.line("CustomField", f"Job__c.F{number}__c")

    assert line.outcome is not Outcome.FAILED, line.notes
    assert "formula" in brought.body("field", f"Job__c.F{number}__c")


def test_what_formulas_use_is_made_and_told(brought: Brought) -> None:
    assert brought.body("field", "WorkOrder.StartDate")["type"] == "datetime"
    assert brought.body("field", "Individual.HasOptedOutSolicit")["type"] == "checkbox"
    account = brought.body("field", "WorkOrder.AccountId")
    assert (account["references"], account["aliases"]) == ("Company", ["Account"])
    assert brought.body("field", "WorkOrder.ParentWorkOrderId")["references"] == "WorkOrder"
    assert brought.body("metadata_record", "Limits__mdt.Usual")["values"] == {}
    assert brought.line("StandardField", "WorkOrder.StartDate").outcome is Outcome.NOTED
    assert brought.line("CustomMetadata", "Limits__mdt.Usual").outcome is Outcome.NOTED


def test_parts_of_persons_and_roll_ups_of_others_are_brought() -> None:
    summary = (
        "<type>Summary</type><summaryForeignKey>Visit__c.Job__c</summaryForeignKey>"
        "<summarizedField>Visit__c.Latest__c</summarizedField>"
        "<summaryOperation>max</summaryOperation>"
    )
    files = _files() | fields_of("Job__c", Most__c=summary)
    person = "objects/PersonAccount/recordTypes/Person.recordType-meta.xml"
    files[person] = xml(
        "RecordType",
        "<fullName>Person</fullName><active>true</active><label>Person</label><picklistValues>"
        "<picklist>Rating</picklist><values><fullName>Hot</fullName></values></picklistValues>",
    )
    brought = asyncio.run(bring(files))

    assert brought.line("CustomField", "Job__c.Most__c").outcome is not Outcome.FAILED
    assert brought.body("field", "Visit__c.Latest__c")["type"] == "number"
    assert brought.body("record_type", "Company.Person")["object"] == "Company"
    assert not [one for one in brought.proposal.upserts if one.name == "PersonAccount"]


def test_codes_of_columns_make_no_references() -> None:
    column = "<columns>TASK.STATUS</columns><columns>CONTRACT.STATUS</columns>"
    view = xml("ListView", f"<fullName>All</fullName>{column}<label>All</label>")
    files = {"objects/Event/listViews/All.listView-meta.xml": view}
    brought = asyncio.run(bring(files))

    assert [one.kind for one in brought.proposal.upserts] == ["list_view"]


def test_bringing_it_again_plans_nothing(brought: Brought) -> None:
    again = asyncio.run(bring(_files(), brought.rows))

    before = {row.component.key: row.component for row in brought.rows}
    assert [one for one in again.proposal.upserts if before.get(one.key) != one] == []


def test_a_rule_about_profiles_of_others_refuses_nobody() -> None:
    files = _files() | {
        "objects/Job__c/validationRules/By_Admins.validationRule-meta.xml": xml(
            "ValidationRule",
            "<fullName>By_Admins</fullName><active>true</active><errorConditionFormula>"
            "CreatedBy.Profile.Name &lt;&gt; 'System Administrator'</errorConditionFormula>"
            "<errorMessage>No.</errorMessage>",
        )
    }

    found = asyncio.run(bring(files))

    assert found.body("validation_rule", "Job__c.By_Admins")["active"] is False
    assert any(
        "not active" in note for note in found.line("ValidationRule", "Job__c.By_Admins").notes
    )


@pytest.mark.parametrize("side", ["User.Profile.Name", "User.ProfileId"])
def test_a_filter_about_profiles_of_others_is_left_out(side: str) -> None:
    looked = (
        "<type>Lookup</type><referenceTo>User</referenceTo><lookupFilter><active>true</active>"
        f"<filterItems><field>{side}</field><operation>equals</operation><value>Sales</value>"
        "</filterItems><isOptional>false</isOptional></lookupFilter>"
    )

    found = asyncio.run(bring({**_files(), **fields_of("Job__c", Seller__c=looked)}))

    keys = {row.component.key for row in found.rows}
    assert ("object", "profile") not in keys
    assert ("validation_rule", "job__c.seller_filter") not in keys
    assert any("filter is left out" in note for one in found.lines for note in one.notes)
