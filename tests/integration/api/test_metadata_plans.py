"""Metadata changed in two steps: planned with its impact, applied as planned, told, and undone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

PLAN, APPLY = "/api/metadata/plan", "/api/metadata/apply"
NOTE = {"kind": "field", "name": "Deal.note__c", "type": "text", "length": 40}


@pytest.fixture
async def deals(api: Api) -> Api:
    """A tenant with three deals, two of which have a note."""
    await api.post("/api/objects/Deal/fields", {"name": "note__c", "type": "text", "length": 40})
    deals: list[dict[str, Any]] = [
        {"name": "Roof", "note__c": "A note that is long"},
        {"name": "Barn", "note__c": "short"},
        {"name": "Shed"},
    ]
    await api.post("/api/records/Deal", deals, status=200)
    return api


async def planned(api: Api, **said: Any) -> Any:
    """Give what a change set would do."""
    return await api.post(PLAN, said, status=200)


async def applied(api: Api, **said: Any) -> Any:
    """Plan a change set, and apply it as planned."""
    plan = await planned(api, **said)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    return await api.post(APPLY, {**said, **agreed}, status=200)


async def note_of(api: Api, name: str) -> Any:
    """Give the note of the deal of a name."""
    asked = {"q": "SELECT note__c FROM Deal WHERE name = :name", "params": {"name": name}}
    return (await api.post("/api/query", asked, status=200))["records"][0]["note__c"]


async def fields_of(api: Api) -> set[str]:
    """Give the names of the fields of deals."""
    shown = await api.get("/api/objects/Deal")
    return {one["name"] for one in shown["fields"]}


async def test_plan_tells_what_differs_and_changes_nothing(deals: Api) -> None:
    plan = await planned(deals, components=[{**NOTE, "length": 10, "required": True}])

    (change,) = plan["changes"]
    assert (change["operation"], change["name"]) == ("change", "Deal.note__c")
    assert change["differences"] == [
        {"at": "/length", "before": 40, "after": 10},
        {"at": "/required", "after": True},
    ]
    told = {one["severity"]: one for one in plan["impact"]}
    assert set(told) == {"break"}
    assert [(one["records"], one["samples"]) for one in plan["impact"]] == [
        (1, []),
        (1, [{"value": "A note that is long", "records": 1}]),
    ]
    assert plan["confirm"] == {}
    assert (await planned(deals, components=[NOTE]))["changes"] == []


async def test_what_is_planned_is_applied_and_nothing_is_left_to_plan(api: Api) -> None:
    said = {
        "components": [
            {"kind": "object", "name": "House__c", "label": "House", "fields": [
                {"name": "name", "type": "text"},
                {"name": "deal", "type": "lookup", "references": "Deal"},
            ]},
            {"kind": "field", "name": "Deal.houses__c", "type": "number",
             "roll_up": {"children": "House__c.deal", "function": "count"}},
        ],
    }  # fmt: skip

    done = await applied(api, **said)

    assert {(one["operation"], one["name"]) for one in done["changes"]} == {
        ("create", "House__c"),
        ("create", "House__c.name"),
        ("create", "House__c.deal"),
        ("create", "Deal.houses__c"),
    }
    assert (await planned(api, **said))["changes"] == []
    await api.post("/api/records/House__c", {"name": "Villa"})


async def test_plan_is_refused_when_the_world_has_moved(deals: Api) -> None:
    said = {"components": [{**NOTE, "label": "Remark"}]}
    plan = await planned(deals, **said)
    await deals.ask("PATCH", "/api/objects/Deal/fields/note__c", {"help": "Say it."})

    [problem] = await deals.refused("POST", APPLY, {**said, "digest": plan["digest"]}, status=409)

    assert problem["code"] == "metadata.plan_moved"
    shown = await deals.get("/api/metadata/components/field/Deal.note__c")
    assert shown["help"] == "Say it."
    assert "label" not in shown


async def test_plan_stands_when_something_else_has_moved(deals: Api) -> None:
    said = {"components": [{**NOTE, "label": "Remark"}]}
    plan = await planned(deals, **said)
    await deals.ask("PATCH", "/api/objects/Company", {"description": "Whom we sell to."})

    await deals.post(APPLY, {**said, "digest": plan["digest"]}, status=200)

    assert (await deals.get("/api/metadata/components/field/Deal.note__c"))["label"] == "Remark"


async def test_loss_is_told_and_must_be_confirmed_with_its_count(deals: Api) -> None:
    said = {"remove": [{"kind": "field", "name": "Deal.note__c"}]}
    plan = await planned(deals, **said)
    asked = {**said, "digest": plan["digest"]}
    [silent] = await deals.refused("POST", APPLY, asked, status=422)
    too_few = {**asked, "confirm": {"field:Deal.note__c": 1}}
    [fewer] = await deals.refused("POST", APPLY, too_few, status=422)
    still = await fields_of(deals)

    await deals.post(APPLY, {**asked, "confirm": plan["confirm"]}, status=200)

    assert plan["confirm"] == {"field:Deal.note__c": 2}
    assert [one["severity"] for one in plan["impact"]] == ["loss"]
    assert silent["code"] == fewer["code"] == "metadata.loss_unconfirmed"
    assert silent["details"] == {"losses": {"field:Deal.note__c": 2}}
    assert "note__c" in still
    assert "note__c" not in await fields_of(deals)


async def test_loss_of_an_object_counts_its_records_alone(api: Api) -> None:
    house = {"name": "House", "fields": [{"name": "colour", "type": "text"}]}
    await api.post("/api/objects", house)
    await api.post("/api/records/House__c", [{"colour": "red"}, {"colour": "blue"}], status=200)

    plan = await planned(api, remove=[{"kind": "object", "name": "House__c"}])

    assert plan["confirm"] == {"object:House__c": 2}
    assert {one["name"] for one in plan["changes"]} >= {"House__c", "House__c.colour"}


async def test_values_that_would_not_be_unique_are_told_before(deals: Api) -> None:
    await deals.post("/api/records/Deal", {"name": "Mill", "note__c": "SHORT"})

    plan = await planned(deals, components=[{**NOTE, "unique": True}])

    (told,) = plan["impact"]
    assert (told["severity"], told["records"]) == ("refused", 2)
    asked = {"components": [{**NOTE, "unique": True}], "digest": plan["digest"]}
    [problem] = await deals.refused("POST", APPLY, asked, status=422)
    assert problem["code"] == "metadata.not_unique"


async def test_rule_tells_how_many_records_it_would_refuse(deals: Api) -> None:
    rule = {
        "kind": "validation_rule",
        "name": "Deal.has_note",
        "object": "Deal",
        "condition": "ISBLANK(note__c)",
        "message": "Say something.",
    }

    plan = await planned(deals, components=[rule])

    assert [(one["severity"], one["key"], one["records"]) for one in plan["impact"]] == [
        ("break", "validation_rule:Deal.has_note", 1)
    ]


async def test_every_problem_of_a_change_set_is_told_at_once(api: Api) -> None:
    said = {
        "components": [
            {"kind": "field", "name": "Deal.a__c", "type": "text", "length": 0},
            {"kind": "field", "name": "Nothing.b__c", "type": "text"},
        ],
        "remove": [{"kind": "field", "name": "Deal.type"}],
    }

    answer = await api.send("POST", PLAN, said)

    places = [one.get("at") for one in answer.json()["errors"]]
    assert answer.status_code == 422
    assert "/components/0/length" in places
    assert any(str(place).startswith("/components/1") for place in places)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({}, ""),
        ({"components": [{"kind": "feild", "name": "Deal.x"}]}, "/components/0/kind"),
        ({"components": [{"name": "Deal.x"}]}, "/components/0"),
        ({"remove": [{"kind": "field", "name": "Deal.x", "to": "y"}]}, "/remove/0"),
        ({"undo": 1, "remove": []}, "/undo"),
        ({"undo": "last"}, "/undo"),
        ({"nothing": []}, ""),
    ],
)
async def test_wrong_change_set_is_refused_with_its_place(api: Api, said: Any, at: str) -> None:
    [problem, *_] = await api.refused("POST", PLAN, said, status=422)

    assert str(problem["at"]).startswith(at)


async def test_history_tells_who_changed_what(deals: Api) -> None:
    await applied(deals, components=[{**NOTE, "label": "Remark"}])

    page = await deals.get("/api/metadata/changes?limit=1")
    newest = page["changes"][0]
    whole = await deals.get(f"/api/metadata/changes/{newest['version']}")
    older = await deals.get(f"/api/metadata/changes?limit=1&cursor={page['next']}")

    assert [(one["operation"], one["name"]) for one in newest["changes"]] == [
        ("change", "Deal.note__c")
    ]
    assert whole["changes"][0]["differences"] == [{"at": "/label", "after": "Remark"}]
    assert older["changes"][0]["version"] < newest["version"]
    [problem] = await deals.refused("GET", "/api/metadata/changes/987654", status=404)
    assert problem["code"] == "metadata.unknown_change"


async def test_undoing_puts_names_back_and_whatever_followed(deals: Api) -> None:
    rule = {
        "kind": "validation_rule",
        "name": "Deal.has_note",
        "object": "Deal",
        "condition": "note__c = 'bad'",
        "message": "Say something.",
    }
    await applied(deals, components=[rule])
    done = await applied(
        deals, rename=[{"kind": "field", "name": "Deal.note__c", "to": "remark__c"}]
    )
    between = await deals.get("/api/metadata/components/validation_rule/Deal.has_note")

    undone = await deals.post(f"/api/metadata/undo/{done['version']}", {}, status=200)

    after = await deals.get("/api/metadata/components/validation_rule/Deal.has_note")
    assert (between["condition"], after["condition"]) == ("remark__c = 'bad'", "note__c = 'bad'")
    assert {one["name"] for one in undone["changes"]} == {"Deal.note__c", "Deal.has_note"}
    found = await deals.post(
        "/api/query", {"q": "SELECT note__c FROM Deal WHERE name = 'Barn'"}, status=200
    )
    assert found["records"][0]["note__c"] == "short"
    again = await deals.post(f"/api/metadata/undo/{done['version']}", {}, status=200)
    assert again["changes"] == []


async def test_undoing_a_removal_brings_back_the_values(deals: Api) -> None:
    done = await applied(deals, remove=[{"kind": "field", "name": "Deal.note__c"}])

    await deals.post(f"/api/metadata/undo/{done['version']}", {}, status=200)

    found = await deals.post(
        "/api/query", {"q": "SELECT note__c FROM Deal WHERE name = 'Barn'"}, status=200
    )
    assert found["records"][0]["note__c"] == "short"


async def test_undoing_what_was_made_loses_its_values_once_confirmed(deals: Api) -> None:
    (made,) = [
        one
        for one in (await deals.get("/api/metadata/changes"))["changes"]
        if one["changes"][0]["name"] == "Deal.note__c"
    ]
    path = f"/api/metadata/undo/{made['version']}"

    [problem] = await deals.refused("POST", path, {}, status=422)
    plan = await planned(deals, undo=made["version"])
    await deals.post(path, {"confirm": plan["confirm"]}, status=200)

    assert problem["code"] == "metadata.loss_unconfirmed"
    assert plan["confirm"] == {"field:Deal.note__c": 2}
    assert "note__c" not in await fields_of(deals)


async def test_what_was_changed_again_since_is_not_undone(deals: Api) -> None:
    first = await applied(deals, components=[{**NOTE, "label": "Remark"}])
    await applied(deals, components=[{**NOTE, "label": "Comment"}])

    [problem] = await deals.refused("POST", f"/api/metadata/undo/{first['version']}", status=409)

    assert problem["code"] == "metadata.changed_since"
    assert "Deal.note__c" in problem["message"]


async def test_what_is_removed_and_declared_anew_is_told_as_a_loss(deals: Api) -> None:
    said = {
        "remove": [{"kind": "field", "name": "Deal.note__c"}],
        "components": [{"kind": "field", "name": "Deal.note__c", "type": "number"}],
    }
    plan = await planned(deals, **said)
    await applied(deals, **said)

    assert [one["operation"] for one in plan["changes"]] == ["remove", "create"]
    assert plan["confirm"] == {"field:Deal.note__c": 2}
    assert await note_of(deals, "Barn") is None
    await deals.post("/api/records/Deal", {"name": "Mill", "note__c": 5})
    assert await note_of(deals, "Mill") == 5


async def test_names_may_be_exchanged_and_undone(deals: Api) -> None:
    await applied(deals, components=[{"kind": "field", "name": "Deal.word__c", "type": "text"}])
    await deals.post("/api/records/Deal", {"name": "Mill", "note__c": "n", "word__c": "w"})
    steps = [("note__c", "spare__c"), ("word__c", "note__c"), ("spare__c", "word__c")]
    called = [{"kind": "field", "name": f"Deal.{old}", "to": f"Deal.{new}"} for old, new in steps]

    done = await applied(deals, rename=called)
    between = await note_of(deals, "Mill")
    await deals.post(f"/api/metadata/undo/{done['version']}", {}, status=200)

    assert (between, await note_of(deals, "Mill")) == ("w", "n")


async def test_undoing_a_removal_leaves_what_has_its_name_now(deals: Api) -> None:
    done = await applied(deals, remove=[{"kind": "field", "name": "Deal.note__c"}])
    await applied(deals, components=[{"kind": "field", "name": "Deal.note__c", "type": "number"}])

    plan = await deals.refused("POST", PLAN, {"undo": done["version"]}, status=422)

    assert [one["code"] for one in plan] == ["metadata.name_taken"]


async def test_what_is_not_there_is_not_removed(api: Api) -> None:
    said = {"remove": [{"kind": "field", "name": "Deal.stag"}]}

    [problem] = await api.refused("POST", PLAN, said, status=422)

    assert (problem["code"], problem["hint"]) == (
        "metadata.unknown_reference",
        "Did you mean Deal.stage?",
    )


async def test_where_a_field_is_used(deals: Api) -> None:
    await applied(
        deals,
        components=[
            {"kind": "field", "name": "Deal.loud__c", "type": "text", "formula": "UPPER(note__c)"},
            {"kind": "field", "name": "Contact.first_note__c", "type": "text",
             "formula": "company.name & 'note__c'"},
        ],
    )  # fmt: skip

    field = await deals.get("/api/metadata/where-used/field/Deal.note__c")
    company = await deals.get("/api/metadata/where-used/object/Company")

    assert {(one["name"], *one["places"]) for one in field["uses"]} == {
        ("Deal.loud__c", "/formula")
    }
    assert "Deal.company" in {one["name"] for one in company["uses"]}
    [problem] = await deals.refused(
        "GET", "/api/metadata/where-used/field/Deal.noet__c", status=404
    )
    assert problem["code"] == "metadata.unknown_component"


async def test_other_tenant_neither_sees_nor_undoes_a_change(deals: Api, other: Api) -> None:
    done = await applied(deals, components=[{**NOTE, "label": "Remark"}])

    theirs = await other.get("/api/metadata/changes")
    await other.send("POST", f"/api/metadata/undo/{done['version']}", {})

    assert "Remark" not in str(theirs)
    assert (await deals.get("/api/metadata/components/field/Deal.note__c"))["label"] == "Remark"
