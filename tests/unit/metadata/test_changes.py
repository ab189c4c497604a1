"""Tests of how proposals become plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from time import perf_counter

import pytest

from fieldstone.errors import Several
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component
from fieldstone.metadata.conversions import Instruction
from fieldstone.metadata.definitions import (
    field_change,
    field_component,
    field_proposal,
    object_change,
    object_components,
    read_definition,
)
from fieldstone.metadata.moved_values import is_remainder
from fieldstone.metadata.undo import undoing
from tests.support.components import MOMENT, a_catalog, after, an_object, stored

TEXT = {"name": "name", "type": "text"}
COMPANY = an_object("Company", TEXT, {"name": "city", "type": "text"}, aliases=["Account"])
DEAL = an_object(
    "Deal",
    TEXT,
    {"name": "company", "type": "lookup", "references": "Account"},
    {"name": "title", "type": "text", "derive": {"form": "join", "fields": ["name"]}},
)


def problems_of(rows, **proposal):
    return refusals(rows, Proposal(**proposal))


def refusals(rows, proposal):
    with pytest.raises(Several) as caught:
        plan_changes(rows, proposal)
    return caught.value.problems


def component_of(rows, name):
    return next(row.component for row in rows if row.component.name == name)


def test_object_of_a_tenant_gets_the_suffix_once():
    bare, suffixed = (object_components({"name": name})[0] for name in ("Project", "Project__c"))

    assert bare.name == suffixed.name == "Project__c"
    assert bare.body["label"] == "Project"


def test_every_problem_of_a_definition_comes_at_once_with_its_place():
    broken = read_definition(
        {
            "name": "Project",
            "lable": "x",
            "plural_name": 5,
            "prefix": "Ä",
            "fields": [
                {"name": "name", "type": "txt"},
                {"name": "status", "type": "picklist", "options": []},
                {"name": "budget", "type": "currency", "places": "two"},
                "amount",
                {"type": "text", "length": "long"},
                {"name": "name", "type": "lookup", "references": "Nowhere"},
                {"name": "owner", "type": "text"},
                {"name": "level", "type": "picklist", "options": ["a"], "controlled_by": "statu"},
            ],
        }
    )

    problems = refusals(stored(*COMPANY), broken.proposal)

    assert {problem.at for problem in problems} == {
        "/lable",
        "/plural_name",
        "/prefix",
        "/fields/0/type",
        "/fields/1/options",
        "/fields/2/places",
        "/fields/3",
        "/fields/4/name",
        "/fields/4/length",
        "/fields/5/name",
        "/fields/5/references",
        "/fields/6/name",
        "/fields/7/controlled_by",
    }
    assert [problem.at for problem in problems if not problem.hint] == []


def test_object_without_a_name_hides_nothing_of_its_fields():
    broken = read_definition(
        {"nam": "Project", "fields": [{"name": "x", "type": "lookup", "references": "Acount"}]}
    )

    problems = refusals(stored(*COMPANY), broken.proposal)

    assert [(problem.at, problem.hint) for problem in problems] == [
        ("/name", "Did you mean nam?"),
        ("/nam", "Did you mean name?"),
        ("/fields/0/references", "Did you mean Account?"),
    ]


@pytest.mark.parametrize("name", ["A" * 81, "A" * 78, "a.b", ""])
def test_object_of_a_bad_name_is_told_once_however_many_fields_it_has(name):
    broken = read_definition({"name": name, "fields": [TEXT, {"name": "city", "type": "text"}]})

    [problem] = refusals([], broken.proposal)

    assert problem.at == "/name"


def test_more_fields_than_an_object_may_have_are_told_once():
    many = [{"name": f"f{number}", "type": "text"} for number in range(900)]

    [problem] = refusals([], read_definition({"name": "Project", "fields": many}).proposal)

    assert (problem.code, problem.at) == ("metadata.too_many", "/fields")


def test_field_of_its_own_has_its_problems_at_the_top():
    problems = refusals(
        stored(*COMPANY), field_proposal("Company", {"nam": "x", "type": "number", "places": -1})
    )

    assert [problem.at for problem in problems] == ["/name", "/nam", "/places"]


def test_unknown_target_is_named_with_its_place():
    orphan = read_definition(
        {"name": "Project", "fields": [{"name": "x", "type": "lookup", "references": "Nowhere"}]}
    )

    [problem] = refusals([], orphan.proposal)

    assert (problem.code, problem.at) == ("metadata.unknown_reference", "/fields/0/references")
    assert problem.message == "There is no object Nowhere."


def test_what_exists_is_not_created_again():
    [problem] = problems_of(stored(*COMPANY), creates=an_object("COMPANY"))[:1]

    assert problem.code == "metadata.name_taken"


@pytest.mark.parametrize(
    "claim", [{"name": "Account"}, {"name": "Firm", "plural_label": "Companies"}]
)
def test_names_aliases_and_addresses_are_unique(claim):
    rows = stored(*COMPANY)
    fresh = an_object(claim.pop("name"), **claim)

    assert {problem.code for problem in problems_of(rows, creates=fresh)} == {"metadata.name_taken"}


def test_field_may_not_go_by_the_name_of_another():
    rows = stored(*COMPANY)
    twin = field_component("Company", {"name": "Town", "type": "text", "aliases": ["CITY"]})

    assert problems_of(rows, creates=(twin,))[0].code == "metadata.name_taken"


@pytest.mark.parametrize("name", ["id", "Owner", "created_at", "version"])
def test_system_names_are_taken(name):
    field = field_component("Company", {"name": name, "type": "text"})

    assert problems_of(stored(*COMPANY), creates=(field,))[0].code == "metadata.name_taken"


@pytest.mark.parametrize("more", [{}, {"name": "town"}, {"label": 5}])
@pytest.mark.parametrize("new", ["lookup", "date"])
def test_values_become_no_others_of_a_type_that_cannot_hold_them(new, more):
    status = {"name": "status", "type": "picklist", "options": ["Planning", "Active"]}
    rows = stored(*an_object("Project", TEXT, status))
    change = field_change(component_of(rows, "Project.status"), {"type": new, **more})

    [problem] = refusals(rows, change)

    assert (problem.code, problem.at) == ("metadata.type_change", "/type")
    assert problem.message == (
        f"{more.get('name', 'status')} holds values of type picklist, which cannot become {new}."
    )
    assert "multi_select" in problem.hint


def test_field_of_another_type_gets_another_key_and_leaves_what_it_was():
    budget = {"name": "budget", "type": "text"}
    rows = stored(*an_object("Project", TEXT, budget))
    before = next(row for row in rows if row.component.name == "Project.budget")

    plan = plan_changes(rows, field_change(before.component, {"type": "number"}))

    (change,), (rest,) = plan.changes, plan.remainders
    assert change.storage["key"] not in {row.storage.get("key") for row in rows}
    assert str(change.storage["slot"]).startswith("n")
    assert (rest.component, rest.storage["key"]) == (before.component, before.storage["key"])
    assert list(plan.conversions) == [before.id]


@pytest.mark.parametrize(("mark", "job"), [("move", None), ("move", 7), ("index_job", None)])
def test_values_become_no_others_while_their_records_move(mark, job):
    rows = stored(*COMPANY)
    moving = [
        replace(row, storage={**row.storage, mark: {"job": 5}}) if row.id == rows[0].id else row
        for row in rows
    ]
    city = replace(component_of(rows, "Company.city"), body={"object": "Company", "type": "number"})

    problems = refusals(moving, Proposal(upserts=(city,), job=job))

    assert {problem.code for problem in problems} == {"storage.busy"}


def test_what_remains_of_a_field_is_its_renamed_objects_and_keeps_its_slot():
    rows = stored(*COMPANY)
    slot = next(r.storage["slot"] for r in rows if r.component.name == "Company.city")
    city = Component("field", "Firm.city", {"object": "Firm", "type": "number"})
    renames = ((("object", "company"), "Firm"),)

    both = after(rows, plan_changes(rows, Proposal(renames=renames, upserts=(city,))))
    more = plan_changes(both, field_proposal("Firm", {"name": "town", "type": "text"}))

    (rest,) = (row for row in both if is_remainder(row))
    assert (rest.component.name, rest.component.body["object"]) == ("Firm.city", "Firm")
    assert rest.storage["slot"] == slot
    assert more.changes[0].storage["slot"] != slot


def test_undoing_puts_back_values_that_became_others_under_the_same_type():
    kind = {"name": "kind", "type": "picklist", "options": ["a", "b"]}
    rows = stored(*an_object("Project", TEXT, kind))
    was = component_of(rows, "Project.kind")
    fewer = replace(was, body={**was.body, "options": ["b"]})
    plan = plan_changes(
        rows, Proposal(upserts=(fewer,), conversions={was.key: Instruction({"a": "b"})})
    )
    now = after(rows, plan)

    back = plan_changes(now, undoing(plan.changes, now, MOMENT)[0])

    (change,) = back.changes
    assert change.after == was
    assert list(back.conversions) == [change.id]
    # What another change did to the options has no values of its own to put back.
    later = undoing(plan.changes, now, MOMENT + timedelta(days=1))[0]
    assert later.conversions == {}


def test_other_spelling_of_a_type_is_no_change_of_it():
    rows = stored(*COMPANY)

    plan = plan_changes(rows, field_change(component_of(rows, "Company.city"), {"type": "Text"}))

    assert plan.count("change", "field") == 1


def test_every_problem_of_a_change_comes_at_once():
    rows = stored(*COMPANY)
    company = component_of(rows, "Company")

    of_object = refusals(rows, object_change(company, {"name": 5, "fields": [], "icn": "x"}))
    of_field = refusals(
        rows,
        field_change(component_of(rows, "Company.city"), {"name": "", "object": "x", "label": 5}),
    )

    assert [problem.at for problem in of_object] == ["/name", "/fields", "/icn"]
    assert [problem.at for problem in of_field] == ["/name", "/object", "/label"]


def test_what_is_needed_elsewhere_is_not_removed():
    rows = stored(*COMPANY, *DEAL)

    [of_object] = problems_of(rows, removals=(("object", "company"),))
    [of_field] = problems_of(rows, removals=(("field", "deal.name"),))

    assert of_object.message == "Field Deal.company still needs Account."
    assert of_field.message == "Field Deal.title still needs Deal.name."


def test_a_reference_to_several_objects_keeps_one_of_them():
    said = {"name": "about", "type": "polymorphic", "references": ["Account", "Deal"]}
    rows = stored(*COMPANY, *DEAL, *an_object("Note", TEXT, said))
    company, deal = ("object", "company"), ("object", "deal")

    without_one = after(rows, plan_changes(rows, Proposal(removals=(deal,))))
    [of_both] = problems_of(rows, removals=(company, deal))
    [of_the_last] = problems_of(without_one, removals=(company,))

    assert component_of(without_one, "Note.about").body["references"] == ["Account"]
    assert of_both.message == of_the_last.message == "Field Note.about still needs Account."


def test_removed_object_takes_its_fields_and_comes_back_with_them():
    rows = stored(*COMPANY)

    gone = after(rows, plan_changes(rows, Proposal(removals=(("object", "company"),))))
    back = after(gone, plan_changes(gone, Proposal(restores=(("object", "company"),))))

    assert a_catalog(gone).find_object("Company") is None
    assert [f.key for f in a_catalog(back).get_object("Company").own_fields] == ["f1", "f2"]
    assert {row.id: row.component for row in back} == {row.id: row.component for row in rows}


def test_restoring_is_refused_once_the_name_is_taken():
    rows = stored(*COMPANY)
    gone = after(rows, plan_changes(rows, Proposal(removals=(("object", "company"),))))
    again = after(gone, plan_changes(gone, Proposal(creates=an_object("Company"))))

    [problem] = problems_of(again, restores=(("object", "company"),))[:1]

    assert problem.code == "metadata.name_taken"


def test_renamed_object_keeps_ids_and_everybody_follows():
    rows = stored(*COMPANY, *DEAL)

    renamed = after(rows, plan_changes(rows, Proposal(renames=((("object", "deal"), "Bargain"),))))

    before, now = a_catalog(rows).get_object("Deal"), a_catalog(renamed).get_object("Bargain")
    assert (before.id, before.prefix) == (now.id, now.prefix)
    assert [(f.name, f.key) for f in before.own_fields] == [(f.name, f.key) for f in now.own_fields]
    assert a_catalog(renamed).find_object("Deal") is None


def test_renamed_field_is_followed_by_what_derives_from_it():
    rows = stored(*COMPANY, *DEAL)

    change = Proposal(renames=((("field", "deal.name"), "Deal.subject"),))
    renamed = a_catalog(after(rows, plan_changes(rows, change)))

    title = renamed.get_object("Deal").get_field("title")
    assert title.derivation is not None
    assert title.derivation.fields == ("subject",)
    assert renamed.get_object("Deal").get_field("subject").key == "f1"


def test_rename_onto_another_name_is_refused():
    rows = stored(*COMPANY)

    [problem] = problems_of(rows, renames=((("field", "company.name"), "Company.city"),))[:1]

    assert problem.code == "metadata.name_taken"


def test_circle_of_masters_is_refused():
    first = an_object("A", {"name": "b", "type": "master_detail", "references": "B"})
    second = an_object("B", {"name": "a", "type": "master_detail", "references": "A"})

    assert problems_of([], creates=(*first, *second))[0].code == "metadata.cycle"


def test_relation_brings_the_object_between_and_takes_it_along():
    rows = stored(*COMPANY, *DEAL)
    relation = Component(
        "relation",
        "Partner",
        {
            "label": "Partner",
            "left": {"object": "Deal", "field": "deal"},
            "right": {"object": "Company", "field": "company"},
            "attributes": [{"name": "role", "type": "text"}],
        },
    )

    made = after(rows, plan_changes(rows, Proposal(creates=(relation,))))
    gone = after(made, plan_changes(made, Proposal(removals=(("relation", "partner"),))))

    between = a_catalog(made).get_object("Partner")
    assert [field.name for field in between.own_fields] == ["deal", "company", "role"]
    assert between.is_junction
    assert a_catalog(gone).find_object("Partner") is None


def test_planning_takes_no_longer_for_each_object_the_more_there_are():
    many = tuple(part for number in range(1_000) for part in an_object(f"Object{number}", TEXT))

    begun = perf_counter()
    plan = plan_changes([], Proposal(creates=many))

    assert plan.count("create", "object") == 1_000
    # Comparing each object with each other one took twelve seconds.
    assert perf_counter() - begun < 4


def a_metadata_type(*, protected):
    rate = an_object("Rate__mdt", TEXT, {"name": "value", "type": "number"}, holds="metadata")
    body = {"object": "Rate__mdt", "label": "Low", "values": {"value": 5}, "protected": protected}
    return stored(*rate, Component("metadata_record", "Rate__mdt.Low", body, "taxes"))


def test_protected_record_is_changed_by_its_package_alone():
    rows = a_metadata_type(protected=True)
    low = component_of(rows, "Rate__mdt.Low")
    other = replace(low, body={**low.body, "values": {"value": 9}})

    by_hand = [
        *problems_of(rows, upserts=(other,)),
        *problems_of(rows, removals=(low.key,)),
        *problems_of(rows, renames=((low.key, "Rate__mdt.High"),)),
    ]
    by_package = plan_changes(rows, Proposal(upserts=(other,), packaging=True))
    open_to_all = plan_changes(a_metadata_type(protected=False), Proposal(upserts=(other,)))

    assert [problem.code for problem in by_hand] == ["metadata.protected"] * 3
    assert len(by_package.changes) == len(open_to_all.changes) == 1


def test_protected_record_follows_the_new_name_of_a_field():
    rows = a_metadata_type(protected=True)

    plan = plan_changes(rows, Proposal(renames=((("field", "rate__mdt.value"), "share"),)))

    record = component_of(after(rows, plan), "Rate__mdt.Low")
    assert record.body["values"] == {"share": 5}
