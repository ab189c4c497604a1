"""Sharing through the API: what one person keeps, another finds nowhere, until it is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.support.app import Api
from tests.support.pages import Browser


@dataclass(frozen=True)
class Office:
    """Ada administers; Ben is a member who owns nothing yet. secret: a company of Ada's."""

    ada: Api
    ben: Api
    ben_id: str
    secret: str

    @property
    def path(self) -> str:
        """Where the company is found."""
        return f"/api/records/Company/{self.secret}"


@pytest.fixture
async def office(app: Starlette, api: Api) -> AsyncIterator[Office]:
    """A tenant whose companies are private."""
    await claimed(api)
    await api.patch("/api/objects/Company", {"sharing": "private"})
    made = await api.post("/companies", {"name": "Secret Corp", "domain": "secret.example"})
    async with a_browser(app) as ben:
        told = await joined(app, api, ben)
        yield Office(api, ben, told["id"], made["id"])


async def test_private_record_is_nowhere_for_others(office: Office) -> None:
    ben, contact = (
        office.ben,
        await office.ada.post("/contacts", {"last_name": "Lovelace", "company": office.secret}),
    )

    assert (await ben.get("/companies"))["data"] == []
    [missing] = await ben.refused("GET", f"/companies/{office.secret}", status=404)
    [unknown] = await ben.refused("GET", "/companies/company_1", status=404)
    assert missing["code"] == unknown["code"] == "record.unknown"
    for method, path, body in (
        ("PATCH", office.path, {"name": "Mine"}),
        ("DELETE", office.path, None),
        ("GET", f"{office.path}/history", None),
        ("GET", f"{office.path}/shares", None),
        ("GET", f"{office.path}/access", None),
        ("POST", f"{office.path}/shares", {"with": {"everyone": True}}),
    ):
        [problem] = await ben.refused(method, path, body, status=404)
        assert problem["code"] == "record.unknown", path
    found = await ben.get("/search?q=secret")
    assert "Secret" not in str(found)
    rows = await ben.get(f"/contacts/{contact['id']}?fields=company.name")
    assert "Secret" not in str(rows)


async def test_nothing_points_to_what_cannot_be_seen(office: Office) -> None:
    said = {"last_name": "Byron", "company": office.secret}
    [problem] = await office.ben.refused("POST", "/contacts", said, status=422)
    gone = {"last_name": "Byron", "company": "company_1"}
    [other] = await office.ben.refused("POST", "/contacts", gone, status=422)
    assert problem["code"] == other["code"] == "value.unknown_reference"


async def test_id_of_a_parent_that_cannot_be_seen_is_the_same_in_every_clause(
    office: Office,
) -> None:
    await office.ada.post("/contacts", {"last_name": "Byron", "company": office.secret})
    await office.ada.post("/contacts", {"last_name": "Free"})

    async def asked(query: str) -> list[Any]:
        answer = await office.ben.get("/api/query", params={"q": f"SELECT {query}"})
        return [list(row.values())[-1] for row in answer["records"]]

    of_byron = "FROM Contact WHERE last_name = 'Byron'"
    assert await asked(f"company.id {of_byron}") == [{"id": office.secret}]
    assert await asked(f"company.id AS c {of_byron}") == [office.secret]
    assert await asked(f"LOWER(company.id) c {of_byron}") == [office.secret]
    assert await asked(f"company.owner.id AS c {of_byron}") == [None]
    assert await asked(f"last_name FROM Contact WHERE company.id = '{office.secret}'") == ["Byron"]
    assert await asked("last_name FROM Contact WHERE company.id = null") == ["Free"]
    assert await asked("last_name FROM Contact WHERE CASESAFEID(company.id) != null") == ["Byron"]
    assert await asked("last_name FROM Contact ORDER BY company.id DESC") == ["Free", "Byron"]
    assert await asked("company.id FROM Contact GROUP BY company.id ORDER BY company.id") == [
        None,
        office.secret,
    ]
    assert await asked("COUNT_DISTINCT(company.id) FROM Contact") == [1]


async def test_rules_and_defaults_tell_nothing_of_what_cannot_be_seen(office: Office) -> None:
    ada, ben = office.ada, office.ben
    copied = {
        "name": "copied",
        "type": "picklist",
        "options": ["a"],
        "default_formula": "company.domain",
        "required": True,
    }
    await ada.post("/api/objects/Contact/fields", copied)
    rule = {
        "name": "Contact.never_there",
        "object": "Contact",
        "condition": "company.domain = 'secret.example'",
        "message": "Not there.",
    }
    await ada.post("/api/metadata/components/validation_rule", rule)

    told = []
    for company in (office.secret, "company_1"):
        said = {"last_name": "Byron", "company": company}
        problems = await ben.refused("POST", "/contacts", said, status=422)
        told.append([(one["code"], one.get("at")) for one in problems])

    assert told == [[("value.unknown_reference", "/company")]] * 2


async def test_reference_keeps_its_id_where_what_it_points_to_cannot_be_seen(
    office: Office,
) -> None:
    said = {"last_name": "Byron", "company": office.secret}
    made = await office.ada.post("/contacts", said)
    free = await office.ada.post("/contacts", {"last_name": "Free"})
    path = f"/contacts/{made['id']}"
    held = {"id": office.secret, "name": None}

    read = await office.ben.get(path)
    deeper = "SELECT company.name, company.parent.name FROM Contact WHERE last_name = 'Byron'"
    [row] = (await office.ben.get("/api/query", params={"q": deeper}))["records"]
    joined_one = "SELECT company.name FROM Contact ORDER BY company.name, last_name"
    rows = (await office.ben.get("/api/query", params={"q": joined_one}))["records"]
    lines = (await office.ben.send("GET", "/api/export?object=Contact&format=ndjson")).text
    found = await office.ben.get("/contacts?where=company.name != null")

    then = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    past = await office.ben.get(path, params={"as_of": then})

    assert read["company"] == past["company"] == held
    assert (await office.ben.get(f"/contacts/{free['id']}"))["company"] is None
    assert row["company"] == {**held, "parent": None}
    assert [one["company"] for one in rows] == [held, None]
    assert office.secret in lines
    assert found["data"] == []

    await office.ben.patch(path, {"title": "Lord", "company": read["company"]["id"]})
    form = await Browser(office.ben.http).send(
        f"/admin/Contact/{made['id']}/edit", {"title": "Baron"}
    )
    assert form.status_code == 303
    kept = await office.ada.get(path)
    assert (kept["title"], kept["company"]["name"]) == ("Baron", "Secret Corp")


async def test_reference_to_one_of_several_objects_keeps_its_id_too(office: Office) -> None:
    deal = await office.ada.post("/deals", {"name": "Big"})
    for number, target in enumerate((office.secret, deal["id"])):
        await office.ada.post("/api/records/Task", {"subject": f"T{number}", "related_to": target})

    query = "SELECT related_to.name FROM Task ORDER BY subject"
    rows = (await office.ben.get("/api/query", params={"q": query}))["records"]

    assert [one["related_to"]["id"] for one in rows] == [office.secret, deal["id"]]
    assert [one["related_to"]["name"] for one in rows] == [None, "Big"]


async def test_form_holds_nothing_of_a_hidden_parent(office: Office) -> None:
    ada, ben = office.ada, Browser(office.ben.http)
    condition = "OR(ISBLANK(company.domain), last_name = company.domain)"
    note = {"name": "note", "type": "text", "visible_if": condition}
    await ada.post("/api/objects/Contact/fields", note)
    said = {"name": "copied", "type": "text", "default_formula": "company.domain"}
    await ada.post("/api/objects/Contact/fields", {**said, "required_if": "copied = 'x'"})
    made = await ada.post("/contacts", {"last_name": "B", "company": office.secret, "copied": "y"})

    changed = await ben.open(f"/admin/Contact/{made['id']}/edit")
    fresh = await ben.open(f"/admin/Contact/new?company={office.secret}")

    assert "secret.example" not in changed + fresh


async def test_who_writes_a_record_out_of_their_sight_is_told_its_id_and_version(
    office: Office,
) -> None:
    ben, ada_id = office.ben, (await office.ada.get("/api/session"))["viewer"]["id"]
    made = await ben.post("/companies", {"name": "Mine", "domain": "mine.example"})
    path = f"/companies/{made['id']}"

    given = await ben.patch(path, {"owner": ada_id})
    [gone] = await ben.refused("GET", path, status=404)
    born = await ben.post("/companies", {"name": "Hers", "owner": ada_id})

    assert given == {"id": made["id"], "version": 2}
    assert gone["code"] == "record.unknown"
    assert born == {"id": born["id"], "version": 1}
    assert (await office.ada.get(path))["owner"]["id"] == ada_id


async def test_form_that_writes_a_record_out_of_sight_leads_to_the_list(office: Office) -> None:
    ben, ada_id = Browser(office.ben.http), (await office.ada.get("/api/session"))["viewer"]["id"]
    made = await office.ben.post("/companies", {"name": "Mine"})

    given = await ben.send(f"/admin/Company/{made['id']}/edit", {"owner": ada_id})
    told = await ben.open("/admin/Company")
    born = await ben.send("/admin/Company/new", {"name": "Hers", "owner": ada_id})

    assert [one.headers.get("location") for one in (given, born)] == ["/admin/Company"] * 2
    assert "Saved Mine, which you may see no longer" in told
    assert "Created Company, which you may not see" in await ben.open("/admin/Company")


async def test_share_opens_a_record_as_far_as_it_says(office: Office) -> None:
    ada, ben = office.ada, office.ben
    told = await ada.post(f"{office.path}/shares", {"with": {"user": office.ben_id}})
    assert told["shares"][0]["with"]["id"] == office.ben_id

    assert (await ben.get(office.path))["name"] == "Secret Corp"
    [problem] = await ben.refused("PATCH", office.path, {"name": "Mine"}, status=403)
    assert problem["code"] == "record.not_editable"
    why = await ben.get(f"{office.path}/access")
    assert (why["sees"], why["edits"]) == (True, False)

    said = {"with": {"user": office.ben_id}, "access": "edit"}
    await ada.post(f"{office.path}/shares", said)
    await ben.patch(office.path, {"phone": "+15550100"})
    await ada.ask("DELETE", f"{office.path}/shares/{office.ben_id}", status=204)
    await ben.refused("GET", office.path, status=404)


async def test_teams_and_roles_open_records(office: Office) -> None:
    ada, ben = office.ada, office.ben
    team = await ada.post("/api/teams", {"name": "Partners"})
    inner = await ada.post("/api/teams", {"name": "North", "parent": team["id"]})
    people = f"/api/teams/{inner['id']}/people"
    assert await ada.post(people, {"users": [office.ben_id]}, status=200) == {"added": 1}
    await ada.post(f"{office.path}/shares", {"with": {"team": "Partners"}})
    assert (await ben.get(office.path))["name"] == "Secret Corp"
    await ada.ask("DELETE", f"/api/teams/{inner['id']}/people/{office.ben_id}", status=204)
    await ben.refused("GET", office.path, status=404)

    ada_id = (await ada.get("/api/session"))["viewer"]["id"]
    await _components(ada, {"Chief": None, "Seller": "Chief"})
    await ada.ask("PUT", f"/api/people/{office.ben_id}/role", {"role": "Chief"})
    await ada.ask("PUT", f"/api/people/{ada_id}/role", {"role": "Seller"})
    assert (await ben.get(office.path))["name"] == "Secret Corp"
    why = await ada.get(f"{office.path}/access?user={office.ben_id}")
    assert "stands above" in why["reason"]


async def _components(api: Api, roles: dict[str, Any]) -> None:
    for name, parent in roles.items():
        body = {"name": name, "label": name, "parent": parent}
        await api.post("/api/metadata/components/role", body)


async def test_key_of_a_hidden_record_is_taken_without_saying_whose(office: Office) -> None:
    await office.ada.patch("/api/objects/Company/fields/domain", {"unique": True})

    said = {"name": "Another", "domain": "secret.example"}
    [problem] = await office.ben.refused("POST", "/companies", said, status=422)
    [upsert] = await office.ben.refused(
        "PUT", "/api/records/Company/by/domain/secret.example", {"name": "Mine"}, status=422
    )

    for one in (problem, upsert):
        assert office.secret not in str(one)
        assert "already" in one["message"]


async def test_other_tenant_has_none_of_it(office: Office, other: Api) -> None:
    team = await office.ada.post("/api/teams", {"name": "Partners"})

    assert (await other.get("/api/teams"))["teams"] == []
    await other.refused("GET", f"/api/teams/{team['id']}", status=404)
    await other.refused("GET", f"/api/teams/{team['id']}/people", status=404)
    await other.refused("GET", f"{office.path}/shares", status=404)


async def test_members_decide_on_no_teams(office: Office) -> None:
    await office.ben.refused("POST", "/api/teams", {"name": "Mine"}, status=403)
    role = f"/api/people/{office.ben_id}/role"
    await office.ben.refused("PUT", role, {"role": None}, status=403)


async def test_rule_opens_what_meets_its_condition_and_must_make_sense(office: Office) -> None:
    body = {"name": "All", "object": "Company", "share_with": {"everyone": True}}
    rules = "/api/metadata/components/sharing_rule"
    wrong = {**body, "where": "nonsense = 3"}
    [problem] = await office.ada.refused("POST", rules, wrong, status=422)
    await office.ada.post(rules, {**body, "where": "name LIKE 'Secret%'"})

    assert "nonsense" in problem["message"]
    assert [one["name"] for one in (await office.ben.get("/companies"))["data"]] == ["Secret Corp"]
    assert "rule All" in (await office.ben.get(f"{office.path}/access"))["reason"]


SETS = "/api/metadata/components/permission_set"


async def test_nothing_goes_along_that_the_sharer_may_not_change(office: Office) -> None:
    ada, ben = office.ada, office.ben
    await ada.patch("/api/objects/Contact", {"sharing": "private"})
    mine = await ben.post("/companies", {"name": "Mine"})
    hidden = await ada.post("/contacts", {"last_name": "Lovelace", "company": mine["id"]})
    shares = f"/api/records/Company/{mine['id']}/shares"

    for access in ("read", "edit"):
        said = {"with": {"user": office.ben_id}, "access": access, "along": ["Contact"]}
        [problem] = await ben.refused("POST", shares, said, status=422)
        assert problem["code"] == "share.invalid"
    await ben.refused("GET", f"/contacts/{hidden['id']}", status=404)
    assert "Contact" not in (await ben.get(shares))["along"]
    assert "Contact" in (await ada.get(shares))["along"]
    await ada.post(shares, {"with": {"user": office.ben_id}, "along": ["Contact"]})
    assert (await ben.get(f"/contacts/{hidden['id']}"))["last_name"] == "Lovelace"


async def test_who_may_not_change_an_object_shares_none_of_its_records(office: Office) -> None:
    ada, ben = office.ada, office.ben
    shares = f"{office.path}/shares"
    await ada.post(shares, {"with": {"user": office.ben_id}, "access": "edit"})
    await only(office, "Read_Only")

    await ben.refused("POST", shares, {"with": {"everyone": True}}, status=403)
    await ben.refused("DELETE", f"{shares}/{office.ben_id}", status=403)

    assert len((await ada.get(shares))["shares"]) == 1


async def only(office: Office, *names: str) -> None:
    """Let Ben have these sets and no others."""
    path = f"/api/people/{office.ben_id}/permission-sets"
    for one in (await office.ada.get(path))["permission_sets"]:
        await office.ada.ask("DELETE", f"{path}/{one['name']}", status=204)
    for name in names:
        await office.ada.ask("PUT", f"{path}/{name}")


async def test_only_administrators_open_records_by_what_they_set_up(office: Office) -> None:
    ada, ben = office.ada, office.ben
    team = await ada.post("/api/teams", {"name": "Partners"})
    await _components(ada, {"Chief": None})
    rule = {"name": "All", "object": "Company", "share_with": {"everyone": True}}
    rule["where"] = "name = 'Nobody'"
    await ada.post("/api/metadata/components/sharing_rule", rule)
    setup = {"name": "Setup", "label": "Setup", "setup": ["people", "permissions", "objects"]}
    await ada.post(SETS, setup)
    await only(office, "Standard_User", "Setup")

    components = "/api/metadata/components"
    for method, path, body in (
        ("PUT", f"/api/people/{office.ben_id}/role", {"role": "Chief"}),
        ("POST", "/api/teams", {"name": "Mine"}),
        ("POST", f"/api/teams/{team['id']}/people", {"users": [office.ben_id]}),
        ("POST", f"{components}/role", {"name": "Top", "label": "Top"}),
        ("POST", f"{components}/sharing_rule", {**rule, "name": "Mine"}),
        ("PUT", f"{components}/sharing_rule/All", {**rule, "where": "name != null"}),
        ("PATCH", "/api/objects/Company", {"sharing": "read_write"}),
    ):
        [problem] = await ben.refused(method, path, body, status=403)
        assert problem["code"] == "access.forbidden", path
    assert (await ben.get("/companies"))["data"] == []

    await ben.patch("/api/objects/Company", {"label": "Firm"})
    own = {"name": "Boat", "sharing": "private", "fields": [{"name": "name", "type": "text"}]}
    await ben.post("/api/objects", own)


async def test_who_is_hidden_is_neither_named_nor_shared_with_nor_made_owner(
    office: Office,
) -> None:
    ada, ben = office.ada, office.ben
    ada_id = (await ada.get("/api/session"))["viewer"]["id"]
    await ada.patch("/api/objects/User", {"sharing": "private"})
    mine = await ben.post("/companies", {"name": "Mine"})
    path = f"/api/records/Company/{mine['id']}"
    await ada.post(f"{path}/shares", {"with": {"user": ada_id}})

    told = await ben.get(f"{path}/shares")
    assert [one["with"]["name"] for one in told["shares"]] == [ada_id]
    for way, method, at, body in (
        ("owner", "PATCH", path, "owner"),
        ("share", "POST", f"{path}/shares", "with"),
    ):
        said = [{body: one if way == "owner" else {"user": one}} for one in (ada_id, "user_1")]
        [hidden] = await ben.refused(method, at, said[0], status=422)
        [unknown] = await ben.refused(method, at, said[1], status=422)
        assert hidden["code"] == unknown["code"], way
        assert hidden["message"].replace(ada_id, "user_1") == unknown["message"]


async def test_object_that_cannot_be_read_is_not_named_along(office: Office) -> None:
    ada, ben = office.ada, office.ben
    await ada.patch("/api/objects/Contact", {"sharing": "private"})
    said = {"with": {"user": office.ben_id}, "along": ["Contact"]}
    await ada.post(f"{office.path}/shares", said)
    some = {"name": "Some", "label": "Some", "objects": {"Company": ["read"]}}
    await ada.post(SETS, {**some, "all_fields": "read", "actions": ["api"]})
    await only(office, "Some")

    assert "Contact" not in str(await ben.get(f"{office.path}/shares"))


async def test_formulas_know_the_role_of_who_looks_in_memory_and_in_queries(office: Office) -> None:
    body = {"name": "Chief", "label": "Chief cook"}
    await office.ada.post("/api/metadata/components/role", body)
    ada_id = (await office.ada.get("/api/session"))["viewer"]["id"]
    await office.ada.ask("PUT", f"/api/people/{ada_id}/role", {"role": "Chief"})
    told = "$UserRole.Name & '/' & $UserRole.DeveloperName"
    fields: dict[str, dict[str, Any]] = {
        "seen_by": {"type": "text", "formula": told},
        "made_by": {"type": "text", "default_formula": told},
    }
    for name, field in fields.items():
        await office.ada.post("/api/objects/Lead/fields", {"name": name, **field})
    for cook, role in ((office.ada, "Chief cook/Chief"), (office.ben, "/")):
        made = await cook.post("/leads", {"last_name": "Lovelace"})
        query = (
            f"SELECT seen_by, made_by FROM Lead WHERE id = '{made['id']}' AND seen_by = '{role}'"
        )
        [found] = (await cook.post("/api/query", {"q": query}, status=200))["records"]
        assert (found["seen_by"], found["made_by"]) == (role, role)


async def test_role_is_for_people_of_the_tenant(office: Office, other: Api) -> None:
    await office.ada.post("/api/metadata/components/role", {"name": "Chief", "label": "Chief"})
    theirs = (await other.get("/api/session"))["viewer"]["id"]

    for one in (theirs, "user_1"):
        path = f"/api/people/{one}/role"
        [problem] = await office.ada.refused("PUT", path, {"role": "Chief"}, status=404)
        assert problem["code"] == "access.unknown_person"
