"""The shipped CRM: what the source documents and Salesforce's users expect to find in it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from fieldstone.builtin_objects.packages import CRM, shipped_package
from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.field_types.reference import References
from fieldstone.metadata.kinds.field import SYSTEM_NAMES, split_name
from fieldstone.metadata.slots import SLOTS, SlotKind, kind_of
from fieldstone.metadata.values import fold

ROOT = Path(__file__).parents[3]
COLOURS = {
    *("gray", "red", "orange", "amber", "green"),
    *("teal", "blue", "indigo", "purple", "pink"),
}
SPARE_SLOTS = {SlotKind.TEXT: 2, SlotKind.NUMBER: 3, SlotKind.TIME: 1, SlotKind.REFERENCE: 1}

# Every entity of the source documents with every field that they name, in words of their own.
NAMED_FIELDS = {
    "Contact": "name first_name last_name email phone company role source title owner",
    "Company": (
        "name industry size address website domain annual_revenue employees customer_since "
        "health_score is_key"
    ),
    "Deal": "name value stage probability close_date owner company contact campaign type",
    "Lead": "name email company title source score status campaign employees technologies",
    "Activity": (
        "type subject date notes duration direction attendees person company related_to source "
        "recording"
    ),
    "Email": (
        "sender recipient recipients subject body date thread_id message_id in_reply_to "
        "reference_ids direction"
    ),
    "Attachment": "file name parent",
    "Task": "subject description due_date priority status related_to owner",
    "Note": "content person company related_to created_by created_at",
    "Product": "name price description sku",
    "PriceBook": "name is_active",
    "PriceBookEntry": "price_book product price",
    "Quote": "number deal status total discount terms payment_terms valid_until",
    "QuoteLine": "quote product quantity unit_price discount total",
    "DealLine": "deal product quantity unit_price discount total",
    "Ticket": "number subject status satisfaction contact company priority resolved_at",
    "Invoice": "number status payment_status company total due_date amount_paid",
    "InvoiceLine": "invoice product quantity unit_price total",
    "Campaign": "name type status start_date end_date budget",
    "CampaignMember": "campaign contact lead status responded_at",
    "Event": "subject starts_at ends_at location person company related_to",
    "EventAttendee": "event person address response",
    "Order": "number status company total order_date",
    "OrderLine": "order product quantity unit_price total",
    "Contract": "name status company signed_at renewal_date end_date document",
    "ContactCompany": "contact company role is_primary start_date end_date",
    "DealContact": "deal contact role",
    "User": "name email active time_zone locale manager",
}

# What Salesforce calls an object and its fields, and what these are here.
SALESFORCE_NAMES = {
    "Account": (
        "Company",
        (
            "Name=name Industry=industry AnnualRevenue=annual_revenue NumberOfEmployees=employees "
            "Website=website Phone=phone Fax=fax BillingAddress=address Type=type ParentId=parent "
            "ShippingAddress=shipping_address AccountNumber=account_number OwnerId=owner "
            "Description=description CreatedDate=created_at LastModifiedById=updated_by"
        ),
    ),
    "Contact": (
        "Contact",
        (
            "FirstName=first_name LastName=last_name AccountId=company Account=company Email=email "
            "MobilePhone=mobile LeadSource=source ReportsToId=reports_to Birthdate=birthday "
            "MailingAddress=address DoNotCall=do_not_call Title=title Department=department"
        ),
    ),
    "Opportunity": (
        "Deal",
        (
            "Amount=value StageName=stage CloseDate=close_date Probability=probability "
            "AccountId=company ContactId=contact NextStep=next_step LeadSource=source Type=type "
            "CampaignId=campaign Pricebook2Id=price_book ForecastCategoryName=forecast_category"
        ),
    ),
    "Lead": (
        "Lead",
        (
            "FirstName=first_name LastName=last_name Company=company Status=status Rating=rating "
            "LeadSource=source ConvertedAccountId=converted_company ConvertedDate=converted_at"
        ),
    ),
    "Case": ("Ticket", "CaseNumber=number Subject=subject Status=status Origin=channel"),
    "Task": (
        "Task",
        (
            "Subject=subject ActivityDate=due_date Status=status Priority=priority WhoId=person "
            "WhatId=related_to AccountId=company Description=description"
        ),
    ),
    "Event": ("Event", "Subject=subject StartDateTime=starts_at EndDateTime=ends_at WhoId=person"),
    "EmailMessage": (
        "Email",
        (
            "FromAddress=sender ToAddress=recipients Subject=subject HtmlBody=body "
            "MessageDate=date ParentId=related_to ThreadIdentifier=thread_id"
        ),
    ),
    "Product2": ("Product", "Name=name ProductCode=sku IsActive=is_active Family=family"),
    "Pricebook2": ("PriceBook", "Name=name IsStandard=is_standard"),
    "PricebookEntry": ("PriceBookEntry", "Pricebook2Id=price_book Product2Id=product"),
    "OpportunityLineItem": ("DealLine", "OpportunityId=deal UnitPrice=unit_price"),
    "QuoteLineItem": ("QuoteLine", "QuoteId=quote Quantity=quantity TotalPrice=total"),
    "OrderItem": ("OrderLine", "OrderId=order Product2Id=product"),
    "Campaign": ("Campaign", "StartDate=start_date BudgetedCost=budget IsActive=is_active"),
    "CampaignMember": ("CampaignMember", "CampaignId=campaign LeadId=lead ContactId=contact"),
    "Contract": ("Contract", "StartDate=start_date ContractNumber=number AccountId=company"),
    "User": ("User", "Username=email IsActive=is_active TimeZoneSidKey=time_zone"),
}


@pytest.fixture(scope="module")
def package():
    return shipped_package(CRM)


@pytest.fixture(scope="module")
def rows(package):
    """The components as they are stored once the package is installed."""
    plan = plan_changes([], Proposal(upserts=package.components))
    return [
        StoredComponent(number, change.after, change.storage)
        for number, change in enumerate(plan.changes, 1)
        if change.after
    ]


@pytest.fixture(scope="module")
def catalog(rows):
    return build_catalog(TenantId(1), 1, "record_p00", rows)


def fields_in(package):
    return [component for component in package.components if component.kind == "field"]


def choices_of(catalog, obj, field):
    return catalog.get_object(obj).get_field(field).options.choices


@pytest.mark.parametrize("obj", NAMED_FIELDS)
def test_all_that_the_source_documents_name_is_there(catalog, obj):
    found = catalog.get_object(obj)

    assert [name for name in NAMED_FIELDS[obj].split() if not found.find_field(name)] == []


def test_every_object_is_one_that_the_documents_name(catalog):
    assert {obj.name for obj in catalog.objects} == set(NAMED_FIELDS)


@pytest.mark.parametrize("alias", SALESFORCE_NAMES)
def test_salesforce_names_lead_to_the_same_things(catalog, alias):
    name, fields = SALESFORCE_NAMES[alias]
    found = catalog.get_object(alias)

    assert found.name == name
    for pair in fields.split():
        theirs, ours = pair.split("=")
        assert found.get_field(theirs).name == ours, theirs


def test_planning_the_package_on_top_of_itself_changes_nothing(package, rows):
    assert plan_changes(rows, Proposal(upserts=package.components)).changes == ()


def test_prefixes_are_the_names_and_addresses_are_unique(catalog):
    assert all(obj.prefix == fold(obj.name) for obj in catalog.objects)
    assert len({obj.slug for obj in catalog.objects}) == len(catalog.objects)
    assert {"contacts", "companies", "deals", "leads", "activities"} <= set(catalog.by_slug)


def test_every_reference_has_a_target_that_knows_it_by_name(catalog):
    fields = [field for obj in catalog.objects for field in obj.own_fields]
    references = [field for field in fields if isinstance(field.type, References)]

    assert len(references) > 50
    for field in references:
        assert len(field.references) == len(field.options.targets), field.name
        assert field.child_name, field.name


def test_lists_of_a_record_are_called_by_different_names(package, catalog):
    """Only what is at a company and about it at once has two lists there."""
    for obj in catalog.objects:
        names = [relation.name for relation in catalog.children_of(obj)]
        doubled = [name for name in names if name.endswith("_by_related_to")]
        assert len(set(names)) == len(names)
        assert obj.name == "Company" or doubled == []


def test_system_fields_are_not_declared_again(package):
    declared = {fold(split_name(field.name)[1]) for field in fields_in(package)}

    assert not declared & SYSTEM_NAMES


def test_every_field_that_could_be_indexed_says_whether_it_is(package, catalog):
    silent = [
        field.name
        for field in fields_in(package)
        if catalog.get_object(split_name(field.name)[0])
        .get_field(split_name(field.name)[1])
        .type.slot
        and "indexed" not in field.body
    ]

    assert silent == []


def test_what_is_declared_as_indexed_has_a_slot(package, catalog):
    for field in fields_in(package):
        owner, own = split_name(field.name)
        if field.body.get("indexed"):
            assert catalog.get_object(owner).get_field(own).slot, field.name


def test_customers_find_free_slots_on_every_object(catalog):
    for obj in catalog.objects:
        used = Counter(kind_of(field.slot) for field in obj.own_fields if field.slot)
        for kind, spare in SPARE_SLOTS.items():
            assert used[kind] + spare <= len(SLOTS[kind]), (obj.name, kind)


def test_picklists_are_not_searched_except_industries(package):
    searched = [
        field.name
        for field in fields_in(package)
        if field.body["type"] == "picklist" and field.body.get("searchable") is not False
    ]

    assert searched == ["Company.industry"]


def test_what_people_search_for_is_found(catalog):
    wanted = {
        "Contact": "name email phone mobile title",
        "Company": "name domain website phone address",
        "Deal": "name",
        "Lead": "name email company phone",
        "Email": "subject sender recipients body",
        "Note": "title content",
        "Ticket": "number subject",
        "Quote": "number name",
        "Invoice": "number",
        "Product": "name sku",
        "Activity": "subject notes",
        "Task": "subject description",
    }
    for obj, names in wanted.items():
        for name in names.split():
            assert catalog.get_object(obj).get_field(name).searchable, (obj, name)


def test_colours_are_those_of_option_tags(catalog):
    options = [
        choice
        for obj in catalog.objects
        for field in obj.own_fields
        for choice in getattr(field.options, "choices", ())
    ]

    assert {choice.color for choice in options if choice.color} == COLOURS


def test_labels_are_in_sentence_case_and_texts_end_with_a_full_stop(catalog):
    names = {"Linkedin", "SKU", "ID"}
    for obj in catalog.objects:
        assert obj.description.endswith("."), obj.name
        for field in obj.own_fields:
            words = field.label.split()
            assert words[0][0].isupper(), field.label
            rest = [word for word in words[1:] if word[0].isupper() and word not in names]
            assert rest == [], field.label
            assert not field.help or field.help.endswith("."), field.name


def test_objects_of_the_navigation_have_icons(catalog):
    shown = [obj for obj in catalog.objects if obj.in_navigation]

    assert "Company" in {obj.name for obj in shown}
    assert all(obj.icon for obj in shown)


def test_icons_are_in_the_sprite(catalog):
    sprite = (ROOT / "frontend" / "icons.txt").read_text().split()

    assert [obj.name for obj in catalog.objects if obj.icon and obj.icon not in sprite] == []


def test_records_are_named_by_a_field_that_is_there(catalog):
    nameless = {obj.name for obj in catalog.objects if obj.title.name == "id"}

    assert nameless == {"CampaignMember", "ContactCompany", "DealContact", "PriceBookEntry"}


def test_deals_go_through_the_stages_of_the_pipeline(catalog):
    stages = choices_of(catalog, "Deal", "stage")

    assert [stage.value for stage in stages] == [
        *("Lead", "Qualified", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
    ]
    assert [stage.value for stage in stages if stage.default] == ["Lead"]
    assert catalog.get_object("Deal").get_field("probability").type.name == "percent"


def test_a_contact_follows_from_little(catalog):
    contact = catalog.get_object("Contact")
    name, domain = contact.get_field("name"), contact.get_field("email_domain")

    assert (name.derivation.form, name.derivation.fields) == (
        "person_name",
        ("first_name", "last_name"),
    )
    assert (domain.derivation.form, domain.derivation.fields) == ("work_domain", ("email",))
    assert contact.get_field("role").default == "Unknown"
    assert not any(field.required for field in contact.own_fields)


def test_a_contact_is_attached_by_domain_or_website(catalog):
    contact, company = catalog.get_object("Contact"), catalog.get_object("Company")
    rules = [rule for rule in catalog.attach_rules if rule.object_id == contact.id]

    assert [rule.target_field.name for rule in rules] == ["domain", "website_domain"]
    assert {rule.target_id for rule in rules} == {company.id}
    assert {(rule.field.name, rule.source.name) for rule in rules} == {("company", "email_domain")}
    assert not company.get_field("domain").unique
    assert company.get_field("domain").derivation is None


def test_a_contact_has_a_role_at_each_of_its_companies(catalog):
    between = catalog.get_object("ContactCompany")

    assert between.is_junction
    assert {"company_roles", "contacts"} <= {
        relation.name
        for name in ("Contact", "Company")
        for relation in catalog.children_of(catalog.get_object(name))
    }


def test_values_that_are_not_listed_may_be_written_where_lists_are_open(catalog):
    industry = catalog.get_object("Company").get_field("industry")

    assert industry.type.accept("technology", industry.options) == "Technology"
    assert industry.type.accept("Bee keeping", industry.options) == "Bee keeping"


def test_parts_go_with_their_whole(catalog):
    cascades = {
        (obj.name, field.name)
        for obj in catalog.objects
        for field in obj.own_fields
        if getattr(field.options, "on_delete", None) == "cascade"
    }

    assert {
        ("QuoteLine", "quote"),
        ("InvoiceLine", "invoice"),
        ("Attachment", "parent"),
    } <= cascades
    assert not {("Contact", "company"), ("Deal", "company"), ("Activity", "person")} & cascades


def test_scores_stay_within_their_bounds(catalog):
    score = catalog.get_object("Company").get_field("health_score")

    assert (score.options.lowest, score.options.highest) == (Decimal(0), Decimal(100))
