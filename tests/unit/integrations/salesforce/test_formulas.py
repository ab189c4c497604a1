"""Formulas of Salesforce in the names that are used here, and what is made for them."""

from __future__ import annotations

import pytest

from fieldstone.integrations.salesforce.formulas import rewrite
from fieldstone.integrations.salesforce.making import made_beside
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.report import Outcome
from tests.support.crm_catalog import crm_catalog
from tests.support.salesforce_packages import bring, xml

CASES = [
    ("BillingCity & Parent.ShippingCountry", "address.city & Parent.shipping_address.country"),
    ("own__A__c + own__b__r.own__C__c /* own */", "A__c + b__r.C__c /* own */"),
    ("$Label.own.hello & $Label.c.There", "$Setup.Label.hello & $Setup.Label.There"),
    ("$Permission.Bypass || RecordTypeId = '1'", "FALSE || \"\" = '1'"),
    ("$RecordType.Name &\n  Owner.Name", '"" &\n  Owner.Name'),
    ("$Setup.own__My__c.own__D__c > 1", "$Setup.My__c.D__c > 1"),
    ("Account.Name", "Name"),
    ("this is no formula (", "this is no formula ("),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_differs_is_put_in_its_place(text, expected):
    assert rewrite(text, "Company", Names(crm_catalog(), "brought", "own")).text == expected


def test_fields_of_other_packages_are_made_as_their_uses_tell():
    names = Names(crm_catalog(), "brought")
    for formula in (
        "IF(ISPICKVAL(x__State__c, 'a'), x__Ends__c - TODAY(), x__Rate__c * 2)",
        "x__Friend__r.x__Nick__c & TEXT(x__Many__c) & IF(ISBLANK(x__Many__c), 'none', '')",
        "AND(x__On__c, x__Main_Contact__c = Id, YEAR(x__Ends__c) > 2000)",
    ):
        rewrite(formula, "Company", names)

    made = {one.name: one.body for one, _ in made_beside(names) if one.kind == "field"}

    assert {name: body["type"] for name, body in made.items() if name.startswith("Company")} == {
        "Company.x__State__c": "picklist",
        "Company.x__Ends__c": "date",
        "Company.x__Rate__c": "number",
        "Company.x__Friend__c": "lookup",
        "Company.x__Many__c": "number",
        "Company.x__On__c": "checkbox",
        "Company.x__Main_Contact__c": "lookup",
    }
    assert made["Company.x__Main_Contact__c"]["references"] == "Contact"
    assert made["x__Friend__c.x__Nick__c"]["type"] == "text"


async def test_settings_metadata_and_profiles_are_read_as_before():
    condition = (
        "AND($Profile.Name &lt;&gt; 'Sync', LEN(BillingPostalCode) &lt; $Setup.My__c.Least__c,"
        " ISCHANGED(Name), IsPartner)"
    )
    brought = await bring(
        {
            "objects/My__c.object": xml(
                "CustomObject",
                "<customSettingsType>Hierarchy</customSettingsType><label>My</label>"
                "<fields><fullName>Least__c</fullName><label>Least</label><type>Number</type>"
                "<precision>3</precision><scale>0</scale></fields>",
            ),
            "objects/Account.object": xml(
                "CustomObject",
                "<validationRules><fullName>Code</fullName><active>true</active>"
                f"<errorConditionFormula>{condition}</errorConditionFormula>"
                "<errorMessage>Say the code.</errorMessage></validationRules>",
            ),
        }
    )

    assert brought.line("ValidationRule", "Account.Code").outcome is Outcome.IMPORTED
    assert brought.body("validation_rule", "Company.Code")["active"] is True
    assert brought.body("object", "My__c")["holds"] == "settings"
