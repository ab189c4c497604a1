"""Tests of what packages say of people: roles, groups, sharing, and profiles with their layouts."""

from __future__ import annotations

import asyncio

import pytest

from fieldstone.errors import Problem
from fieldstone.integrations.salesforce.mapping import MappedPackage
from fieldstone.integrations.salesforce.report import Line, Outcome
from fieldstone.integrations.salesforce.settling import settle
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import JsonObject
from tests.support.components import after
from tests.support.salesforce_packages import Brought, bring, crm_rows, xml

_HOUSE = (
    "<label>House</label><pluralLabel>Houses</pluralLabel><sharingModel>Private</sharingModel>"
    "<fields><fullName>Kind__c</fullName><type>Text</type><length>9</length></fields>"
    + "".join(
        f"<recordTypes><fullName>{name}</fullName><active>true</active></recordTypes>"
        for name in ("Hut", "Flat")
    )
)
_LAYOUTS = ("Wide", "Small one", "Spare", "Cooks")
_SECTION = (
    "<layoutSections><label>Main</label><layoutColumns><layoutItems><field>Kind__c</field>"
    "</layoutItems></layoutColumns><style>OneColumn</style></layoutSections>"
)


def _shows(layout: str, type_: str = "") -> str:
    said = f"<recordType>House__c.{type_}</recordType>" if type_ else ""
    return f"<layoutAssignments><layout>House__c-{layout}</layout>{said}</layoutAssignments>"


def _brought() -> Brought:
    rule = (
        "<sharingCriteriaRules><fullName>Huts</fullName><accessLevel>Edit</accessLevel><sharedTo>"
        "<roleAndSubordinates>Cook</roleAndSubordinates></sharedTo><criteriaItems><field>Kind__c"
        "</field><operation>equals</operation><value>Hut</value></criteriaItems>"
        "</sharingCriteriaRules><sharingOwnerRules><fullName>Mine</fullName><accessLevel>Read"
        "</accessLevel><sharedTo><allInternalUsers/></sharedTo><sharedFrom><role>Chief</role>"
        "</sharedFrom></sharingOwnerRules><sharingOwnerRules><fullName>All</fullName><sharedTo>"
        "<role>Cook</role></sharedTo><sharedFrom><allInternalUsers/></sharedFrom>"
        "</sharingOwnerRules><sharingOwnerRules><fullName>Ours</fullName><sharedTo>"
        "<group>Us</group></sharedTo></sharingOwnerRules>"
    )
    admin = _shows("Wide") + _shows("Small one", "Hut") + _shows("Wide", "Flat")
    cook = (
        f"<custom>true</custom>{_shows('Cooks', 'Flat')}{_shows('Wide')}<objectPermissions>"
        "<allowRead>true</allowRead><object>House__c</object></objectPermissions>"
        "<recordTypeVisibilities><default>true</default><recordType>House__c.Flat</recordType>"
        "<visible>true</visible></recordTypeVisibilities>"
    )
    files = {
        "objects/House__c.object": xml("CustomObject", _HOUSE),
        "roles/Chief.role": xml("Role", "<name>Chief of all</name>"),
        "roles/Cook.role": xml("Role", "<name>Cook</name><parentRole>Chief</parentRole>"),
        "sharingRules/House__c.sharingRules": xml("SharingRules", rule),
        "profiles/Cook Profile.profile": xml("Profile", cook),
        "profiles/Admin.profile": xml("Profile", f"<custom>false</custom>{admin}"),
        "permissionsets/Eats.permissionset": xml("PermissionSet", "<label>Eats</label>"),
        "permissionsetgroups/All.permissionsetgroup": xml(
            "PermissionSetGroup", "<label>All</label><permissionSets>Eats</permissionSets>"
        ),
        "queues/Cooks.queue": xml("Queue", "<name>Cooks</name>"),
        "things/Odd.odd": xml("OddThing", "<name>Odd</name>"),
        "things/notes.odd": b"no metadata",
    }
    for name in _LAYOUTS:
        files[f"layouts/House__c-{name}.layout"] = xml("Layout", _SECTION)
    return asyncio.run(bring(files))


@pytest.fixture(scope="module")
def brought() -> Brought:
    """Give a package with people in it, as it was brought."""
    return _brought()


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ("Wide", {}),
        ("Small_one", {"record_types": ["Hut"]}),
        ("Spare", {"active": False}),
        ("Cooks", {"record_types": ["Flat"], "permission_sets": ["Cook_Profile"]}),
    ],
)
def test_layouts_are_for_whom_profiles_show_them(
    brought: Brought, layout: str, said: dict[str, object]
) -> None:
    body = brought.body("layout", f"House__c.{layout}")

    keys = ("record_types", "permission_sets", "active")
    assert {key: body[key] for key in keys if key in body} == said


def test_people_come_with_what_they_see(brought: Brought) -> None:
    assert brought.body("role", "Cook") == {"label": "Cook", "parent": "Chief"}
    huts, mine = (brought.body("sharing_rule", f"House_{own}") for own in ("Huts", "Mine"))
    assert (huts["share_with"], huts["access"]) == ({"role_and_below": "Cook"}, "edit")
    assert huts["where"] == "Kind__c = 'Hut'"
    assert (mine["share_with"], mine["owned_by"]) == ({"everyone": True}, {"role": "Chief"})
    everything = brought.body("sharing_rule", "House_All")
    assert everything["where"] == "id != null"
    assert "owned_by" not in everything
    assert brought.body("permission_set", "All")["includes"] == ["Eats"]
    profile = brought.body("permission_set", "Cook_Profile")
    assert (profile["is_profile"], profile["objects"]) == (True, {"House__c": ["read"]})
    assert profile["record_types"] == {"House__c.Flat": "default"}


def test_a_filter_that_is_too_long_keeps_out_nothing_else() -> None:
    long = "x" * 140_000
    item = f"<field>Kind__c</field><operation>equals</operation><value>{long}</value>"
    files = _with_house()
    files["objects/House__c/listViews/Long.listView"] = xml(
        "ListView", f"<label>Long</label><filters>{item}</filters>"
    )
    brought = asyncio.run(bring(files))

    assert "where" not in brought.body("list_view", "House__c.Long")


def test_what_has_no_place_has_a_line_all_the_same(brought: Brought) -> None:
    for type_, name in (
        ("SharingOwnerRule", "House__c.Ours"),
        ("Queue", "Cooks"),
        ("OddThing", "Odd"),
    ):
        assert brought.line(type_, name).outcome is Outcome.NOT_APPLICABLE
    assert not any(line.outcome is Outcome.FAILED for line in brought.lines)
    assert not any(line.name == "notes" for line in brought.lines)


def _may(*rights: str) -> str:
    told = "".join(f"<{one}>true</{one}>" for one in rights)
    return f"<objectPermissions>{told}<object>House__c</object></objectPermissions>"


def _with_house(**files: bytes) -> dict[str, bytes]:
    paths = {"set": "permissionset", "group": "permissionsetgroup", "profile": "profile"}
    found = {"objects/House__c.object": xml("CustomObject", _HOUSE)}
    for name, data in files.items():
        kind, _, own = name.partition(":")
        found[f"{paths[kind]}s/{own}.{paths[kind]}"] = data
    return found


_READS = xml("PermissionSet", "<label>S</label>" + _may("allowRead"))
_RULES = xml("Profile", "<custom>true</custom>" + _may("allowRead", "modifyAllRecords"))


def test_a_set_and_a_profile_of_one_name_do_not_share_rights() -> None:
    files = _with_house(**{"set:Sales_Manager": _READS, "profile:Sales Manager": _RULES})
    brought = asyncio.run(bring(files))

    alone, profile = (
        brought.body("permission_set", name) for name in ("Sales_Manager", "Profile_Sales_Manager")
    )
    assert alone["objects"] == {"House__c": ["read"]}
    assert "is_profile" not in alone
    assert (profile["objects"], profile["is_profile"]) == (
        {"House__c": ["read", "modify_all"]},
        True,
    )
    notes = brought.line("Profile", "Sales Manager").notes
    assert "It is called Profile_Sales_Manager here: another one has its name." in notes


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ({"set:Cook": _READS, "profile:Cook": _RULES}, {"profile:Cook": _RULES}, "Profile_Cook"),
        ({"set:Cook": _READS}, {"profile:Cook": _RULES}, "Profile_Cook"),
        ({"profile:Cook": _RULES}, {"set:Cook": _READS, "profile:Cook": _RULES}, "Cook"),
    ],
)
def test_a_later_version_gives_a_set_to_nobody_who_had_another_one(
    before: dict[str, bytes], after: dict[str, bytes], name: str
) -> None:
    first = asyncio.run(bring(_with_house(**before)))
    again = asyncio.run(bring(_with_house(**after), first.rows))

    sets = [one for one in again.proposal.upserts if one.kind == "permission_set"]
    assert [one.name for one in sets if one.body.get("is_profile")] == [name]


def test_a_group_includes_the_set_of_its_name() -> None:
    group = xml("PermissionSetGroup", "<label>G</label><permissionSets>Agents</permissionSets>")
    files = _with_house(**{"set:Agents": _READS, "group:Agents": group})
    brought = asyncio.run(bring(files))

    assert brought.body("permission_set", "Group_Agents")["includes"] == ["Agents"]
    assert brought.body("permission_set", "Agents")["objects"] == {"House__c": ["read"]}


def test_names_without_latin_letters_are_told_apart() -> None:
    weak = xml(
        "Profile", f"<custom>true</custom>{_may('allowRead')}" + _shows("営業") + _shows("管理")
    )
    files = _with_house(**{"profile:%E5%96%B6%E6%A5%AD": weak, "profile:%E7%AE%A1": _RULES})
    for one in ("%E5%96%B6%E6%A5%AD", "%E7%AE%A1%E7%90%86", "A-1", "A 1"):
        files[f"layouts/House__c-{one}.layout"] = xml("Layout", _SECTION)
    brought = asyncio.run(bring(files))

    made = [one for one in brought.proposal.upserts if one.kind in ("permission_set", "layout")]
    assert len(made) == len({one.key for one in made}) == 6
    rights = {
        str(one.body["label"]): one.body["objects"] for one in made if one.kind == "permission_set"
    }
    assert rights == {
        "営業": {"House__c": ["read"]},
        "管": {"House__c": ["read", "modify_all"]},
    }
    shown = {str(one.body["label"]): one.body.get("active") for one in made if one.kind == "layout"}
    assert shown == {"営業": None, "管理": None, "A-1": False, "A 1": False}


def test_a_group_includes_no_set_of_somebody_else() -> None:
    told = "".join(
        f"<permissionSets>{one}</permissionSets>" for one in ("Support", "Absent", "Agents")
    )
    group = xml("PermissionSetGroup", f"<label>Team</label>{told}")
    files = _with_house(**{"set:Support": _READS, "set:Agents": _READS, "group:Team": group})
    mine: list[Component] = [
        Component("permission_set", name, {"label": name, "setup": ["all"]}, None)
        for name in ("Support", "Absent")
    ]
    rows = after(crm_rows(), plan_changes(crm_rows(), Proposal(creates=tuple(mine))))
    brought = asyncio.run(bring(files, rows))

    assert brought.body("permission_set", "Team")["includes"] == ["Agents"]
    (note,) = brought.line("PermissionSetGroup", "Team").notes
    assert "Support, Absent" in note


def test_a_group_gives_nothing_that_it_takes_away() -> None:
    told = "<permissionSets>Agents</permissionSets><mutingPermissionSets>M</mutingPermissionSets>"
    group = xml("PermissionSetGroup", f"<label>Team</label>{told}")
    brought = asyncio.run(bring(_with_house(**{"set:Agents": _READS, "group:Team": group})))

    assert brought.line("PermissionSetGroup", "Team").outcome is Outcome.NOT_APPLICABLE
    made = [one.name for one in brought.proposal.upserts if one.kind == "permission_set"]
    assert made == ["Agents"]


def test_roles_keep_their_branch_without_the_one_above_it() -> None:
    above = ["Gone", *(f"R{number}" for number in range(15))]
    files = {
        f"roles/R{number}.role": xml("Role", f"<name>R</name><parentRole>{one}</parentRole>")
        for number, one in enumerate(above)
    }

    found = asyncio.run(bring(files))

    assert "parent" not in found.body("role", "R0")
    assert found.body("role", "R15")["parent"] == "R14"
    assert "Gone" in found.line("Role", "R0").notes[0]


def test_what_a_rule_of_accounts_shares_along_and_rules_of_territories_are_told() -> None:
    rule = (
        "<sharingOwnerRules><fullName>Ours</fullName><accessLevel>Read</accessLevel>"
        "<accountSettings><caseAccessLevel>Edit</caseAccessLevel></accountSettings><sharedTo>"
        "<allInternalUsers/></sharedTo><sharedFrom><role>Chief</role></sharedFrom>"
        "</sharingOwnerRules><sharingTerritoryRules><fullName>East</fullName>"
        "</sharingTerritoryRules>"
    )
    files = {
        "roles/Chief.role": xml("Role", "<name>Chief</name>"),
        "sharingRules/Account.sharingRules": xml("SharingRules", rule),
    }

    found = asyncio.run(bring(files))

    assert found.line("SharingOwnerRule", "Account.Ours").outcome is Outcome.NOTED
    east = found.line("SharingTerritoryRule", "Account.East")
    assert east.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("types", "rights"),
    [
        ({}, ["create", "read"]),
        ({"Hut": True, "Flat": False}, ["create", "read"]),
        ({"Hut": False, "Flat": False}, ["read"]),
        ({"Elsewhere": True}, ["read"]),
    ],
)
def test_a_set_without_any_type_makes_no_records(types: dict[str, bool], rights: list[str]) -> None:
    told = "".join(
        f"<recordTypeVisibilities><recordType>House__c.{name}</recordType><visible>"
        f"{str(visible).lower()}</visible></recordTypeVisibilities>"
        for name, visible in types.items()
    )
    body = f"<custom>true</custom>{_may('allowCreate', 'allowRead')}{told}"
    brought = asyncio.run(bring(_with_house(**{"profile:P": xml("Profile", body)})))

    assert brought.body("permission_set", "P")["objects"] == {"House__c": rights}
    said = any("It makes no House__c" in one for one in brought.line("Profile", "P").notes)
    assert said is ("create" not in rights)


def test_a_set_that_loses_its_only_type_makes_no_records() -> None:
    body: JsonObject = {
        "label": "P",
        "objects": {"House__c": ["create", "read"]},
        "record_types": {"House__c.Hut": "default"},
    }
    mapped = MappedPackage(
        (Component("permission_set", "P", body, "brought"),),
        (Line("Profile", "P", "P.profile"),),
        {("permission_set", "p"): 0},
    )

    async def attempt(components: tuple[Component, ...]) -> tuple[Problem, ...]:
        if not components[0].body["record_types"]:
            return ()
        return (Problem("x.gone", "There is no Hut.", "/0/record_types/House__c.Hut"),)

    (made,), _ = asyncio.run(settle(mapped, attempt))

    assert made.body["objects"] == {"House__c": ["read"]}


def test_a_group_allows_what_its_muting_set_leaves() -> None:
    field = (
        "<fieldPermissions><editable>{}</editable><field>House__c.{}</field>"
        "<readable>{}</readable></fieldPermissions>"
    )
    gives = (
        _may("allowRead", "allowCreate", "allowEdit", "allowDelete")
        + field.format("true", "Kind__c", "true")
        + field.format("true", "Secret__c", "true")
    )
    takes = (
        _may("allowEdit")
        + field.format("true", "Kind__c", "false")
        + field.format("true", "Secret__c", "true")
    )
    told = "<permissionSets>Agents</permissionSets><mutingPermissionSets>M</mutingPermissionSets>"
    files = _with_house(
        **{
            "set:Agents": xml("PermissionSet", f"<label>A</label>{gives}"),
            "group:Team": xml("PermissionSetGroup", f"<label>Team</label>{told}"),
        }
    )
    files["mutingpermissionsets/M.mutingpermissionset"] = xml("MutingPermissionSet", takes)
    files["objects/House__c/fields/Secret__c.field-meta.xml"] = xml(
        "CustomField", "<fullName>Secret__c</fullName><type>Checkbox</type>"
    )
    brought = asyncio.run(bring(files))

    team = brought.body("permission_set", "Team")
    assert team["objects"] == {"House__c": ["create", "read"]}
    assert team["fields"] == {"House__c.Kind__c": "read"}
    assert "includes" not in team
    assert brought.line("MutingPermissionSet", "M").outcome is Outcome.NOTED


def test_a_profile_makes_nothing_of_other_packages() -> None:
    named = "".join(
        f"<objectPermissions><allowRead>true</allowRead><object>far__T{number}__c</object>"
        f"</objectPermissions><fieldPermissions><readable>true</readable><field>Account.far__F"
        f"{number}__c</field></fieldPermissions>"
        for number in range(30)
    )
    mine = (
        "<fieldPermissions><readable>true</readable><field>House__c.Kind__c</field>"
        "</fieldPermissions>"
    )
    standard = (
        "<fieldPermissions><readable>true</readable><field>Account.Jigsaw</field>"
        "</fieldPermissions><fieldPermissions><readable>true</readable><field>"
        "Account.BillingAddress</field></fieldPermissions><objectPermissions><allowRead>true"
        "</allowRead><object>Idea</object></objectPermissions>"
    )
    profile = xml("Profile", f"<custom>true</custom>{_may('allowRead')}{named}{mine}{standard}")
    brought = asyncio.run(bring(_with_house(**{"profile:Cook": profile})))

    body = brought.body("permission_set", "Cook")
    assert body["objects"] == {"House__c": ["read"]}
    assert body["fields"] == {"House__c.Kind__c": "read", "Company.address": "read"}
    made = {one.name for one in brought.proposal.upserts if one.kind in ("object", "field")}
    assert made == {"House__c", "House__c.Kind__c", "House__c.Name"}
    (note,) = brought.line("Profile", "Cook").notes
    assert "has 62 objects, fields and types" in note


def test_a_layout_that_standard_profiles_alone_show_is_for_everybody() -> None:
    files = _with_house()
    admin = (
        _shows("Wide", "Hut") + "<layoutAssignments><layout>Account-X</layout></layoutAssignments>"
    )
    files["profiles/Admin.profile"] = xml("Profile", admin)
    standard = _shows("Spare", "Flat") + _shows("Small one", "Hut")
    files["profiles/Standard.profile"] = xml("Profile", f"<custom>false</custom>{standard}")
    for name in ("Wide", "Spare", "Small one"):
        files[f"layouts/House__c-{name}.layout"] = xml("Layout", _SECTION)
    brought = asyncio.run(bring(files))

    wide, spare, small = (
        brought.body("layout", f"House__c.{name}") for name in ("Wide", "Spare", "Small_one")
    )
    assert (wide["record_types"], "active" in wide) == (["Hut"], False)
    assert (spare["record_types"], "active" in spare) == (["Flat"], False)
    assert small["active"] is False
    assert "permission_sets" not in spare


def test_problems_that_show_one_after_the_other_never_keep_out_the_rest() -> None:
    files = _with_house()
    for number in range(20):
        formula = f"LEN(F{number + 1}__c)" if number < 19 else "NOPE(1)"
        files[f"objects/House__c/fields/F{number}__c.field-meta.xml"] = xml(
            "CustomField",
            f"<fullName>F{number}__c</fullName><type>{'Text' if number % 2 else 'Number'}</type>"
            f"<formula>{formula}</formula>",
        )
    brought = asyncio.run(bring(files))

    assert brought.body("field", "House__c.Kind__c")["type"] == "text"
    assert brought.line("CustomField", "House__c.F19__c").outcome is Outcome.FAILED
