"""Fields of Salesforce: every type with its options, and names that the CRM has already."""

from __future__ import annotations

import asyncio

import pytest

from fieldstone.integrations.salesforce.report import Outcome
from fieldstone.metadata.changes import plan_changes
from fieldstone.metadata.values import Json, JsonObject
from tests.support.salesforce_packages import Brought, bring, fields_of, xml

NUMBER = "<precision>18</precision><scale>3</scale>"
VALUES = (
    "<valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>"
    "<value><fullName>a</fullName><default>true</default><label>Letter A</label></value>"
    "<value><fullName>b</fullName><isActive>false</isActive></value>"
    "</valueSetDefinition></valueSet>"
)
CHOICES: list[Json] = [
    {"value": "a", "label": "Letter A", "default": True},
    {"value": "b", "active": False},
]
TYPES: list[tuple[str, JsonObject]] = [
    ("<type>Text</type><length>40</length>", {"type": "text", "length": 40}),
    (
        (
            "<type>Text</type><length>9</length><unique>true</unique><externalId>true</externalId>"
            "<caseSensitive>true</caseSensitive><required>true</required>"
        ),
        {"unique": True, "external_id": True, "case_sensitive": True, "required": True},
    ),
    ("<type>TextArea</type>", {"type": "long_text", "length": 255}),
    (
        "<type>LongTextArea</type><length>131072</length><visibleLines>9</visibleLines>",
        {"type": "long_text", "length": 131072, "lines": 9},
    ),
    ("<type>Html</type><length>32768</length>", {"type": "rich_text", "length": 32768}),
    (
        "<type>EncryptedText</type><length>20</length><maskType>ssn</maskType>",
        {"type": "text", "encrypted": "random", "mask": "last_four"},
    ),
    (f"<type>Number</type>{NUMBER}", {"type": "number", "precision": 18, "places": 3}),
    (
        f"<type>Currency</type>{NUMBER}<defaultValue>5</defaultValue>",
        {"type": "currency", "default": 5},
    ),
    (f"<type>Percent</type>{NUMBER}", {"type": "percent", "lowest": None, "highest": None}),
    (
        "<type>Checkbox</type><defaultValue>true</defaultValue>",
        {"type": "checkbox", "default": True},
    ),
    (
        "<type>Date</type><defaultValue>TODAY() + 7</defaultValue>",
        {"type": "date", "default_formula": "TODAY() + 7"},
    ),
    ("<type>DateTime</type>", {"type": "datetime"}),
    ("<type>Time</type>", {"type": "time"}),
    ("<type>Email</type>", {"type": "email"}),
    ("<type>Phone</type>", {"type": "phone"}),
    ("<type>Url</type>", {"type": "url"}),
    ("<type>Location</type><scale>6</scale>", {"type": "geolocation"}),
    (
        (
            "<type>AutoNumber</type><displayFormat>R-{YYYY}-{000}</displayFormat>"
            "<startingNumber>7</startingNumber>"
        ),
        {"type": "auto_number", "format": "R-{YYYY}-{000}", "start": 7},
    ),
    (
        f"<type>Picklist</type>{VALUES}",
        {"type": "picklist", "restricted": True, "options": CHOICES},
    ),
    (f"<type>MultiselectPicklist</type>{VALUES}", {"type": "multi_select", "options": CHOICES}),
    (
        (
            "<type>Picklist</type><picklist><picklistValues><fullName>Old</fullName>"
            "<default>false</default></picklistValues><sorted>false</sorted></picklist>"
        ),
        {"type": "picklist", "restricted": False, "options": ["Old"]},
    ),
    (
        "<type>Picklist</type><valueSet><valueSetName>LeadSource</valueSetName></valueSet>",
        {"type": "picklist", "value_set": "Source"},
    ),
    (
        (
            "<type>Lookup</type><referenceTo>Account</referenceTo>"
            "<relationshipName>Houses</relationshipName><deleteConstraint>Restrict</deleteConstraint>"
        ),
        {"type": "lookup", "references": "Company", "on_delete": "restrict"},
    ),
    (
        "<type>Lookup</type><referenceTo>Asset</referenceTo>",
        {"type": "lookup", "references": "Asset"},
    ),
    (
        (
            "<type>MasterDetail</type><referenceTo>Opportunity</referenceTo>"
            "<reparentableMasterDetail>true</reparentableMasterDetail>"
        ),
        {"type": "master_detail", "references": "Deal", "reparentable": True},
    ),
    (
        "<type>MetadataRelationship</type><referenceTo>EntityDefinition</referenceTo>",
        {"type": "text"},
    ),
    (
        "<type>Text</type><formula>IF(ISBLANK(CreatedDate), $Label.none, Name)</formula>",
        {"type": "text", "formula": "IF(ISBLANK(CreatedDate), $Setup.Label.none, Name)"},
    ),
    (
        (
            f"<type>Percent</type>{NUMBER}<formula>0.5</formula>"
            "<formulaTreatBlanksAs>BlankAsBlank</formulaTreatBlanksAs>"
        ),
        {"type": "percent", "formula": "0.5", "blanks_as": "blank"},
    ),
]


async def test_every_type_comes_with_its_options():
    fields = {f"T{number}__c": inside for number, (inside, _) in enumerate(TYPES)}
    brought = await bring(
        {
            "objects/House__c/House__c.object-meta.xml": xml(
                "CustomObject", "<label>House</label>"
            ),
            **fields_of("House__c", **fields),
        }
    )

    read = [
        {key: brought.body("field", f"House__c.{name}").get(key) for key in expected}
        for name, (_, expected) in zip(fields, TYPES, strict=True)
    ]
    assert read == [expected for _, expected in TYPES]
    assert [line for line in brought.lines if line.outcome is Outcome.FAILED] == []


OF_PARTS = {
    "Sky__c": "<type>Picklist</type><defaultValue>&quot;Grey&quot;</defaultValue><valueSet>"
    "<restricted>true</restricted><valueSetName>Skies</valueSetName></valueSet>",
    "Wet__c": "<type>Checkbox</type>",
    "Hats__c": "<type>MultiselectPicklist</type><valueSet><controllingField>Wet__c"
    "</controllingField><valueSetDefinition><value><fullName>Rain</fullName></value>"
    "</valueSetDefinition><valueSettings><controllingFieldValue>checked</controllingFieldValue>"
    "<valueName>Rain</valueName></valueSettings></valueSet>",
    "At__c": "<type>Location</type><scale>5</scale>",
    "Home__c": "<type>Address</type>",
    "North__c": "<type>Number</type><scale>5</scale><formula>At__Latitude__s + 1</formula>",
    "Town__c": "<type>Text</type><formula>Home__City__s &amp; Home__StateCode__s</formula>",
    "Line__c": "<type>Text</type><formula>Owner:Queue.QueueName &amp; Owner:User.LastName"
    "</formula>",
    "Days__c": "<type>Number</type><scale>0</scale><formula>FLOOR(NOW() - $System.OriginDateTime)"
    "</formula>",
    "Mine__c": "<type>Checkbox</type><formula>$UserRole.Id = &quot;00E&quot;</formula>",
}
"""Fields that lean on lists, on parts of other fields, and on who looks."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sky__c", {"default": "Grey", "value_set": "Skies"}),
        ("Hats__c", {"controlled_by": "Wet__c", "valid_for": {"Rain": ["true"]}}),
        ("North__c", {"formula": "At__c.latitude + 1"}),
        ("Town__c", {"formula": "Home__c.city & Home__c.state"}),
        ("Line__c", {"formula": '"" & Owner:User.LastName'}),
        ("Days__c", {"formula": "FLOOR(NOW() - $System.OriginDateTime)"}),
        ("Mine__c", {"formula": '$UserRole.DeveloperName = "00E"'}),
    ],
)
def test_fields_lean_on_lists_and_parts_and_people(
    leaning: Brought, name: str, expected: dict[str, object]
):
    body = leaning.body("field", f"Company.{name}")

    assert {key: body.get(key) for key in expected} == expected
    assert leaning.line("CustomField", f"Account.{name}").outcome is not Outcome.FAILED


@pytest.fixture(scope="module")
def leaning() -> Brought:
    """Give a package whose fields lean on much, as it was brought."""
    values = "<customValue><fullName>Grey</fullName></customValue><masterLabel>Skies</masterLabel>"
    shared = {"globalValueSets/Skies.globalValueSet": xml("GlobalValueSet", values)}
    return asyncio.run(bring({**shared, **fields_of("Account", **OF_PARTS)}))


async def test_a_package_brings_names_that_differ_by_their_suffix_alone():
    brought = await bring(
        {
            "objects/Contract__c.object": xml(
                "CustomObject",
                "<label>Own contract</label><pluralLabel>Contracts</pluralLabel>"
                "<fields><fullName>Name__c</fullName><type>Text</type></fields>",
            ),
            **fields_of("Account", Type__c="<type>Text</type><length>20</length>"),
        }
    )

    company = brought.catalog.get_object("Account")
    assert company.get_field("type").type.name == "picklist"
    assert company.get_field("Type__c").type.name == "text"
    assert brought.catalog.get_object("Contract").name == "Contract"
    assert brought.catalog.get_object("Contract__c").plural_label == "Contracts (brought)"


async def test_bringing_a_package_again_plans_nothing():
    files = fields_of(
        "Activity",
        Minutes__c=f"<type>Number</type>{NUMBER}",
        Half__c="<type>Number</type><scale>1</scale><formula>Minutes__c / npe9__Parts__c</formula>",
    )
    brought = await bring(files)

    again = await bring(files, brought.rows)

    assert plan_changes(brought.rows, again.proposal).changes == ()
    assert brought.body("field", "Task.npe9__Parts__c")["type"] == "number"
    assert brought.body("field", "Event.Half__c")["formula"] == "Minutes__c / npe9__Parts__c"


async def test_what_cannot_be_worked_out_is_told_and_keeps_out_nothing_else():
    brought = await bring(
        fields_of(
            "Contact",
            Bad__c="<type>Number</type><scale>0</scale><formula>NOSUCH(1)</formula>",
            Uses__c="<type>Number</type><scale>0</scale><formula>Bad__c + 1</formula>",
        )
    )

    assert brought.line("CustomField", "Contact.Bad__c").outcome is Outcome.FAILED
    assert brought.body("field", "Contact.Bad__c")["read_only"] is True
    assert brought.line("CustomField", "Contact.Uses__c").outcome is Outcome.IMPORTED
