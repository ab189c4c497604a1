"""The audit: who did what, for those who may see it, and nothing that is hidden from them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.support.app import Api


@dataclass(frozen=True)
class Office:
    """Ada administers; Ben is a member, who may see the audit where a test says so."""

    ada: Api
    ben: Api
    ben_id: str


@pytest.fixture
async def office(app: Starlette, api: Api) -> AsyncIterator[Office]:
    """A tenant with two people."""
    await claimed(api)
    async with a_browser(app) as ben:
        told = await joined(app, api, ben)
        yield Office(api, ben, told["id"])


async def words(api: Api, asked: str = "") -> list[str]:
    """Give what was done, the newest first."""
    return [entry["what"] for entry in (await api.get(f"/api/audit{asked}"))["entries"]]


async def let_ben_see_it(office: Office, **more: Any) -> None:
    """Give Ben a permission set with the audit."""
    body = {"name": "Auditor", "label": "Auditor", "setup": ["audit"], **more}
    await office.ada.post("/api/metadata/components/permission_set", body, status=201)
    await office.ada.ask("PUT", f"/api/people/{office.ben_id}/permission-sets/Auditor", {})


async def test_everything_that_is_done_is_told_in_one_order(office: Office) -> None:
    ada = office.ada
    await ada.post("/api/objects/Company/fields", {"name": "colour", "type": "text"})
    company = await ada.post("/companies", {"name": "Acme", "colour": "red"})
    team = await ada.post("/api/teams", {"name": "Partners"})
    await ada.post(f"/api/teams/{team['id']}/people", {"users": [office.ben_id]}, status=200)
    await ada.ask("DELETE", f"/api/teams/{team['id']}/people/{office.ben_id}", status=204)
    await ada.send("GET", "/api/export?object=Company&format=csv")

    found = (await ada.get("/api/audit"))["entries"]

    told = [(entry["kind"], entry["what"]) for entry in found]
    assert told[:6] == [
        ("export", "exported"),
        ("permission", "team_left"),
        ("permission", "team_joined"),
        ("permission", "team_created"),
        ("record", "create"),
        ("metadata", "create"),
    ]
    assert {"signed_in", "invited", "permission_set_given"} <= {what for _, what in told}
    assert found[0]["details"]["object"] == "Company"
    assert found[1]["details"]["users"] == [office.ben_id]
    assert found[4]["record"] == company["id"]
    assert found[4]["details"]["changes"]["colour"] == {"before": None, "after": "red"}
    assert found[5]["component"] == {"kind": "field", "name": "Company.colour"}


async def test_refused_sign_in_is_told_with_its_address(app: Starlette, office: Office) -> None:
    async with a_browser(app) as stranger:
        wrong = {"email": "ada@acme.example", "password": "something else"}
        await stranger.refused("POST", "/api/session", wrong, status=401)

    [entry] = (await office.ada.get("/api/audit?what=sign_in_refused"))["entries"]

    assert entry["kind"] == "sign_in"
    assert entry["details"]["email"] == "ada@acme.example"
    assert entry["address"]
    assert entry["user"] is not None


async def test_filters_narrow_it(office: Office) -> None:
    ada = office.ada
    company = await ada.post("/companies", {"name": "Acme"})
    await ada.post("/contacts", {"last_name": "Lovelace"})
    await ada.patch(f"/companies/{company['id']}", {"name": "Acme Ltd"})

    assert await words(ada, f"?record={company['id']}") == ["update", "create"]
    assert await words(ada, "?object=Contact") == ["create"]
    assert await words(ada, "?object=Company&what=update") == ["update"]
    assert await words(ada, f"?user={office.ben_id}&kind=sign_in") == ["signed_in"]
    assert await words(ada, "?who=ben@acme.example&kind=record") == []
    assert await words(ada, "?until=2020-01-01") == []
    assert "permission_set_given" in await words(ada, "?kind=permission,sharing")
    assert {one["kind"] for one in (await ada.get("/api/audit?kind=record"))["entries"]} == {
        "record"
    }


async def test_pages_follow_each_other_without_gap(office: Office) -> None:
    for number in range(7):
        await office.ada.post("/companies", {"name": f"Firm {number}"})
    whole = [one["id"] for one in (await office.ada.get("/api/audit?kind=record"))["entries"]]

    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = f"/api/audit?kind=record&limit=3&cursor={cursor}"
        page = await office.ada.get(asked)
        found += [one["id"] for one in page["entries"]]
        cursor = page["next"]

    assert found == whole


async def test_share_and_its_end_are_told(office: Office) -> None:
    ada = office.ada
    await ada.patch("/api/objects/Company", {"sharing": "private"})
    company = await ada.post("/companies", {"name": "Acme"})
    path = f"/api/records/Company/{company['id']}/shares"
    await ada.post(path, {"with": {"user": office.ben_id}, "reason": "Holidays"})
    await ada.ask("DELETE", f"{path}/{office.ben_id}", status=204)

    ended, shared = (await ada.get("/api/audit?kind=sharing"))["entries"]

    assert (ended["what"], shared["what"]) == ("share_ended", "record_shared")
    assert ended["details"] == {"with": office.ben_id}
    assert shared["details"]["reason"] == "Holidays"
    assert shared["record"] == company["id"]


async def test_only_who_was_given_the_audit_sees_it(office: Office) -> None:
    await office.ben.refused("GET", "/api/audit", status=403)
    await office.ben.refused("GET", "/api/audit/export", status=403)

    await let_ben_see_it(office)

    assert "permission_set_given" in await words(office.ben)


async def test_hidden_record_and_field_are_in_no_audit(office: Office) -> None:
    ada = office.ada
    await let_ben_see_it(office, fields={"Company.domain": "none"})
    await ada.patch("/api/objects/Deal", {"sharing": "private"})
    deal = await ada.post("/deals", {"name": "Secret deal"})
    company = await ada.post("/companies", {"name": "Acme", "domain": "hidden.example"})

    told = (await office.ben.send("GET", "/api/audit")).text
    written = (await office.ben.send("GET", "/api/audit/export?format=ndjson")).text

    for text in (told, written):
        assert company["id"] in text
        assert deal["id"] not in text
        assert "Secret deal" not in text
    assert await words(office.ben, f"?record={deal['id']}") == []


async def test_export_is_told_without_values_and_hidden_names(office: Office) -> None:
    ada = office.ada
    await let_ben_see_it(office, objects={"Company": ["read"]}, all_fields="none", actions=["api"])
    standard = f"/api/people/{office.ben_id}/permission-sets/Standard_User"
    await ada.ask("DELETE", standard, status=204)
    for query in ("SELECT name FROM Company WHERE domain = 'x.example'", "SELECT name FROM Deal"):
        await ada.post("/api/exports", {"q": query, "format": "csv"}, status=202)

    deals, companies = (await ada.get("/api/audit?what=exported"))["entries"]
    hidden, shown = (await office.ben.get("/api/audit?what=exported"))["entries"]

    assert companies["details"]["query"] == "SELECT name FROM Company WHERE domain = ?"
    assert deals["details"]["object"] == "Deal"
    assert shown["details"].keys() == {"object", "format", "job"}
    assert hidden["details"].keys() == {"format", "job"}


async def test_other_tenant_sees_none_of_it(office: Office, other: Api) -> None:
    company = await office.ada.post("/companies", {"name": "Acme"})

    told = (await other.send("GET", "/api/audit")).text

    assert company["id"] not in told
    assert "Acme" not in told


async def test_audit_is_exported_and_that_is_noted(office: Office) -> None:
    await office.ada.post("/companies", {"name": "=1+1"})

    table = (await office.ada.send("GET", "/api/audit/export?object=Company")).text
    lines = (await office.ada.send("GET", "/api/audit/export?object=Company&format=ndjson")).text

    [row] = list(csv.DictReader(io.StringIO(table)))
    [entry] = [json.loads(line) for line in lines.splitlines()]
    assert (row["kind"], row["what"], row["id"]) == ("record", "create", entry["id"])
    assert entry["details"]["changes"]["name"]["after"] == "=1+1"
    assert (await words(office.ada, "?kind=export"))[:2] == ["audit_exported", "audit_exported"]


@pytest.mark.parametrize(
    "asked", ["kind=nothing", "from=yesterday", "record=x", "cursor=deal_1", "what=" + "x" * 90]
)
async def test_what_cannot_be_asked_is_told(office: Office, asked: str) -> None:
    [problem] = await office.ada.refused("GET", f"/api/audit?{asked}", status=422)

    assert problem["code"] == "audit.bad_filter"
