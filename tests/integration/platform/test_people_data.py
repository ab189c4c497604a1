"""Everything about one person: found, given in one archive, erased or made anonymous with proof."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from zipfile import ZipFile

import pytest
from starlette.applications import Starlette

from fieldstone.ids import format_id, parse_id
from fieldstone.runtime.job_runs import JobInterrupted
from fieldstone.runtime.privacy import erasing
from fieldstone.runtime.privacy.loose_files import load_loose_files, mentioning
from fieldstone.runtime.storage.purge_records import PurgeTarget, purge_rows
from fieldstone.runtime.transactions import Transaction
from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.support.app import Api, owner_connection
from tests.support.imports import Desk

PEOPLE = "/api/privacy/people"
REQUESTS = "/api/privacy/requests"
ADDRESS = "ada@love.example"
WORDS = ("lovelace", ADDRESS)


@dataclass(frozen=True)
class Ada:
    """A person with all that hangs on her. bystander: a contact who has nothing to do with her."""

    id: str
    note: str
    deal: str
    lead: str
    company: str
    bystander: str


@pytest.fixture
async def ada(desk: Desk) -> Ada:
    """Make a person, and what tells of her in many places."""
    api = desk.api
    company = await api.post("/companies", {"name": "Engines", "description": f"Ask {ADDRESS}."})
    said = {"first_name": "Ada", "last_name": "Lovelace", "email": "Ada@Love.example"}
    person = await api.post("/contacts", {**said, "company": company["id"], "phone": "+4930123456"})
    await api.patch(f"/contacts/{person['id']}", {"title": "Countess"})
    bystander = await api.post("/contacts", {"last_name": "Byron", "email": "joada@love.example"})
    lead = await api.post("/leads", {**said, "company": "Engines"})
    note = await api.post("/notes", {"content": "Ada Lovelace called.", "person": person["id"]})
    deal = await api.post(
        "/deals",
        {
            "name": "Engine for Ada Lovelace",
            "company": company["id"],
            "contact": person["id"],
            "stage": "Lead",
            "close_date": "2027-01-01",
        },
    )
    return Ada(
        person["id"],
        note["id"],
        deal["id"],
        lead["id"],
        company["id"],
        bystander["id"],
    )


async def asked(desk: Desk, kind: str, person: str, **more: Any) -> Any:
    """Look at a person, ask for something, have it done, and give what came of it."""
    keep = ",".join(more.get("keep", ()))
    plan = (await desk.api.get(f"{PEOPLE}/{person}?keep={keep}"))["plan"]
    body = {"kind": kind, "person": person, "plan": plan, **more}
    made = await desk.api.post(REQUESTS, body, status=202)
    await desk.run(made["job"])
    return await desk.api.get(f"{REQUESTS}/{made['id']}")


async def everything(desk: Desk) -> str:
    """Give all that is stored, in small letters."""
    found = []
    async with owner_connection(desk.app.state.settings.database_url) as connection:
        await connection.execute("SET row_security = off")
        for (name,) in await connection.fetch("SELECT * FROM tables_of_tenants()"):
            rows = await connection.fetch(f'SELECT t::text AS row FROM "{name}" t')
            found += [f"{name}: {row['row']}" for row in rows]
    return "\n".join(found).lower()


async def lockers(desk: Desk) -> dict[int, str]:
    """Give the transactions that last locked each record."""
    async with owner_connection(desk.app.state.settings.database_url) as connection:
        await connection.execute("SET row_security = off")
        rows = await connection.fetch("SELECT id, xmax::text AS locker FROM record")
        return {row["id"]: row["locker"] for row in rows}


async def test_person_is_found_by_what_points_to_them_and_by_address(desk: Desk, ada: Ada) -> None:
    found = await desk.api.get(f"{PEOPLE}/{ada.id}")

    told = {one["id"]: (one["found_by"], one["outcome"]) for one in found["records"]}
    assert told == {
        ada.id: ("itself", "erase"),
        ada.lead: ("same_address", "erase"),
        ada.note: ("reference", "erase"),
        ada.deal: ("reference", "redact"),
        ada.company: ("mention", "redact"),
    }
    assert (found["addresses"], found["held"]) == ([ADDRESS], 0)


async def test_erased_person_is_nowhere_and_what_is_of_others_stays(desk: Desk, ada: Ada) -> None:
    before = await everything(desk)
    assert all(word in before for word in WORDS)

    request = await asked(desk, "erase", ada.id, reason="She asked.")

    stored = await everything(desk)
    proof = request["report"]
    assert request["state"] == "done", request
    for word in WORDS:
        lines = [line[:300] for line in stored.splitlines() if word in line]
        lines = [line for line in lines if "joada@" not in line]
        assert lines == []
    assert set(proof["left"].values()) == {0}
    assert proof["records"]["Contact"] == {"erased": 1}
    assert proof["records"]["Deal"] == {"redacted": 1}
    deal = await desk.api.get(f"/deals/{ada.deal}")
    assert (deal["name"], deal["contact"]) == ("Engine for [erased]", None)
    assert (await desk.api.get(f"/contacts/{ada.bystander}"))["email"] == "joada@love.example"
    assert (await desk.api.get(f"/companies/{ada.company}"))["description"] == "Ask [erased]."
    await desk.api.get(f"/notes/{ada.note}", status=404)
    digest = hashlib.sha256(
        json.dumps(proof, separators=(",", ":"), sort_keys=True).encode()
    ).hexdigest()
    assert request["digest"] == digest


async def test_anonymous_person_stays_to_be_counted(desk: Desk, ada: Ada) -> None:
    request = await asked(desk, "anonymise", ada.id)

    stored = await everything(desk)
    assert request["state"] == "done", request
    assert not [one for one in stored.splitlines() if "lovelace" in one]
    contact = await desk.api.get(f"/contacts/{ada.id}")
    deal = await desk.api.get(f"/deals/{ada.deal}")
    note = await desk.api.get(f"/notes/{ada.note}")
    assert (contact["name"], contact["email"], contact["phone"]) == ("[erased]", None, None)
    assert deal["contact"]["id"] == ada.id
    assert note["content"] == "[erased] called."


async def test_record_that_is_kept_is_left_as_it_is(desk: Desk, ada: Ada) -> None:
    request = await asked(desk, "erase", ada.id, keep=[ada.company])

    company = await desk.api.get(f"/companies/{ada.company}")
    assert request["state"] == "done", request
    assert company["description"] == f"Ask {ADDRESS}."


async def test_person_is_erased_from_the_bin_imports_and_loose_files(desk: Desk, ada: Ada) -> None:
    await desk.upload(f"last_name,email\nLovelace,{ADDRESS}\n", object="Contact")
    jobs = (await desk.api.get("/api/jobs"))["jobs"]
    for job in jobs:
        await desk.run(job["id"])
    await desk.api.delete(f"/contacts/{ada.id}")

    request = await asked(desk, "erase", ada.id)

    stored = await everything(desk)
    assert request["state"] == "done", request
    assert request["report"]["files_removed"] >= 1
    assert not [one for one in stored.splitlines() if ADDRESS in one and "joada" not in one]
    assert (await desk.api.get("/api/bin"))["deletions"] == []


async def test_late_file_is_found_though_the_job_was_interrupted_after_erasing(
    desk: Desk, ada: Ada, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.upload(f"last_name,email\nLovelace,{ADDRESS}\n", object="Contact")
    for job in (await desk.api.get("/api/jobs"))["jobs"]:
        await desk.run(job["id"])
    listed, looked = load_loose_files, mentioning
    listings, searches = count(1), count(1)

    async def late(tx: Transaction) -> list[int]:
        return [] if next(listings) == 1 else await listed(tx)

    async def interrupted(*given: Any) -> list[int]:
        if next(searches) == 2:
            raise JobInterrupted
        return await looked(*given)

    monkeypatch.setattr(erasing, "load_loose_files", late)
    monkeypatch.setattr(erasing, "mentioning", interrupted)
    between = await asked(desk, "erase", ada.id)
    stored = await everything(desk)
    await desk.run(between["job"])

    request = await desk.api.get(f"{REQUESTS}/{between['id']}")
    assert (between["state"], request["state"]) == ("waiting", "done"), (between, request)
    assert request["report"]["files_removed"] == 1
    assert not [one for one in stored.splitlines() if ADDRESS in one and "joada" not in one]
    assert '"looked_at"' not in await everything(desk)


async def test_much_about_a_person_is_erased_some_records_at_a_time(
    desk: Desk, ada: Ada, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        await desk.api.post("/notes", {"content": f"Call {number}.", "person": ada.id})
    sizes, purged = [], purge_rows

    async def noted(tx: Transaction, target: PurgeTarget, rows: Sequence[Any]) -> None:
        sizes.append(len(rows))
        await purged(tx, target, rows)

    monkeypatch.setattr(erasing, "purge_rows", noted)
    monkeypatch.setattr(erasing, "AT_ONCE", 2)
    request = await asked(desk, "erase", ada.id)

    stored = await everything(desk)
    assert request["state"] == "done", request
    assert request["report"]["records"]["Note"] == {"erased": 5}
    assert (sum(sizes), max(sizes)) == (7, 2)
    assert not [one for one in stored.splitlines() if "lovelace" in one]
    assert (await desk.api.get("/notes?limit=50"))["data"] == []


async def test_person_under_hold_is_not_erased(desk: Desk, ada: Ada) -> None:
    await desk.api.post("/api/privacy/holds", {"name": "Case", "records": [ada.note]})
    plan = (await desk.api.get(f"{PEOPLE}/{ada.id}"))["plan"]
    body = {"kind": "erase", "person": ada.id, "plan": plan}

    [problem] = await desk.api.refused("POST", REQUESTS, body, status=409)

    assert problem["code"] == "privacy.held"
    await desk.api.get(f"/contacts/{ada.id}")


async def test_hold_that_comes_between_stops_the_job(desk: Desk, ada: Ada) -> None:
    plan = (await desk.api.get(f"{PEOPLE}/{ada.id}"))["plan"]
    body = {"kind": "erase", "person": ada.id, "plan": plan}
    made = await desk.api.post(REQUESTS, body, status=202)
    await desk.api.post("/api/privacy/holds", {"name": "Case", "records": [ada.id]})

    await desk.run(made["job"])

    told = await desk.api.get(f"{REQUESTS}/{made['id']}")
    assert (told["state"], told["problems"][0]["code"]) == ("failed", "privacy.held")
    assert (await desk.api.get(f"/contacts/{ada.id}"))["last_name"] == "Lovelace"


async def test_nothing_is_erased_that_nobody_looked_at(desk: Desk, ada: Ada) -> None:
    plan = (await desk.api.get(f"{PEOPLE}/{ada.id}"))["plan"]
    await desk.api.post("/notes", {"content": "New.", "person": ada.id})

    for sent in (plan, "", "x"):
        body = {"kind": "erase", "person": ada.id, "plan": sent}
        [problem] = await desk.api.refused("POST", REQUESTS, body, status=409)
        assert problem["code"] == "privacy.plan_moved"


async def test_archive_holds_everything_with_digests(desk: Desk, ada: Ada) -> None:
    request = await asked(desk, "export", ada.id)

    answer = await desk.api.send("GET", request["report"]["url"])
    with ZipFile(io.BytesIO(answer.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        person = json.loads(archive.read("person.json"))
        history = archive.read("history.ndjson").decode()
        for member in manifest["members"]:
            content = archive.read(member["name"])
            assert hashlib.sha256(content).hexdigest() == member["sha256"]
    assert request["digest"] == hashlib.sha256(answer.content).hexdigest()
    assert person["last_name"] == "Lovelace"
    assert manifest["records"] == {"Contact": 1, "Lead": 1, "Note": 1, "Deal": 1, "Company": 1}
    assert "Countess" in history


async def test_deal_is_no_person(desk: Desk, ada: Ada) -> None:
    [problem] = await desk.api.refused("GET", f"{PEOPLE}/{ada.deal}", status=422)

    assert problem["code"] == "privacy.not_a_person"


async def test_another_tenant_finds_nobody(desk: Desk, ada: Ada) -> None:
    request = await asked(desk, "export", ada.id)

    assert (await desk.other.get(REQUESTS))["requests"] == []
    for path in (f"{PEOPLE}/{ada.id}", f"{REQUESTS}/{request['id']}"):
        await desk.other.refused("GET", path, status=404)
    body = {"kind": "export", "person": ada.id}
    await desk.other.refused("POST", REQUESTS, body, status=404)


async def test_member_is_made_anonymous_once_they_are_out(app: Starlette, desk: Desk) -> None:
    api: Api = desk.api
    await claimed(api)
    async with a_browser(desk.app) as ben:
        told = await joined(desk.app, api, ben)
        await ben.post("/companies", {"name": "Ben's"})
    member = told["id"]
    plan = (await api.get(f"{PEOPLE}/{member}"))["plan"]
    for kind in ("erase", "anonymise"):
        body = {"kind": kind, "person": member, "plan": plan}
        [problem] = await api.refused("POST", REQUESTS, body, status=409)
        assert problem["code"] == "privacy.user_stays"
    address = (await api.get(f"{PEOPLE}/{member}"))["addresses"][0]
    await api.patch(f"/api/people/{member}", {"is_active": False})

    archive = await asked(desk, "export", member)
    request = await asked(desk, "anonymise", member)

    stored = await everything(desk)
    assert archive["state"] == "done", archive
    assert request["state"] == "done", request
    assert address not in stored
    assert request["report"]["account"]["member"] == 1


async def test_parts_of_what_is_erased_go_with_their_files(desk: Desk, ada: Ada) -> None:
    sent = await desk.api.http.post("/api/files", files={"file": ("a.txt", b"Her passport.")})
    kept = {"name": "Passport", "file": sent.json(), "parent": ada.note}
    attachment = await desk.api.post("/attachments", kept)

    found = await desk.api.get(f"{PEOPLE}/{ada.id}")
    request = await asked(desk, "erase", ada.id)

    told = {one["id"]: (one["found_by"], one["outcome"]) for one in found["records"]}
    assert told[attachment["id"]] == ("reference", "erase")
    assert request["report"]["records"]["Attachment"] == {"erased": 1}
    assert request["report"]["files_removed"] == 1
    await desk.api.get(f"/attachments/{attachment['id']}", status=404)


async def test_answers_kept_and_questions_of_exports_are_forgotten(desk: Desk, ada: Ada) -> None:
    said, headers = {"last_name": "King", "email": ADDRESS}, {"Idempotency-Key": "k"}
    await desk.api.post("/contacts", said, headers=headers)
    export = {"q": f"SELECT name FROM Contact WHERE email = '{ADDRESS}'", "format": "csv"}
    job = (await desk.api.post("/api/exports", export, status=202))["id"]

    request = await asked(desk, "erase", ada.id)

    again = await desk.api.refused("POST", "/contacts", said, headers=headers, status=409)
    assert again[0]["code"] == "request.key_reused"
    await desk.run(job)
    assert request["report"]["places"]["answers_kept"] == 1
    assert request["report"]["places"]["questions_of_exports"] == 1
    told = await desk.api.get(f"/api/exports/{job}")
    assert told["state"] == "failed"


async def test_history_of_a_held_record_is_not_rewritten(desk: Desk, ada: Ada) -> None:
    path = f"/companies/{ada.company}"
    await desk.api.patch(path, {"description": "Done."})
    await desk.api.post("/api/privacy/holds", {"name": "Case", "records": [ada.company]})
    await desk.api.patch(f"/deals/{ada.deal}", {"company": None})
    await desk.api.patch(f"/contacts/{ada.id}", {"company": None})
    found = await desk.api.get(f"{PEOPLE}/{ada.id}")
    body = {"kind": "erase", "person": ada.id, "plan": found["plan"]}

    [problem] = await desk.api.refused("POST", REQUESTS, body, status=409)
    kept = await asked(desk, "erase", ada.id, keep=[ada.company])

    assert (problem["code"], found["held"]) == ("privacy.held", 1)
    assert kept["state"] == "done", kept
    assert ADDRESS in await everything(desk)


async def test_anonymous_person_leaves_nothing_in_deleted_or_other_fields(
    desk: Desk, ada: Ada
) -> None:
    fields = "/api/objects/Contact/fields"
    await desk.api.post(fields, {"name": "hint", "type": "text"})
    await desk.api.post(fields, {"name": "source_line", "type": "text", "personal": False})
    said = {"hint": "The Enchantress.", "source_line": f"Wrote as {ADDRESS}."}
    await desk.api.patch(f"/contacts/{ada.id}", said)
    await desk.api.delete(f"{fields}/hint", status=204)

    request = await asked(desk, "anonymise", ada.id)

    assert request["state"] == "done", request
    assert "enchantress" not in await everything(desk)
    contact = await desk.api.get(f"/contacts/{ada.id}")
    assert contact["source_line"] == "Wrote as [erased]."


async def test_reasons_of_locks_and_of_holds_are_redacted(desk: Desk, ada: Ada) -> None:
    path = f"/api/records/Contact/{ada.bystander}/lock"
    await desk.api.ask("PUT", path, {"reason": f"Waiting for {ADDRESS}."})
    await desk.api.send("DELETE", path)
    said = {"name": "Case", "records": [ada.bystander], "reason": f"Claim of {ADDRESS}."}
    hold = await desk.api.post("/api/privacy/holds", said)
    await desk.api.post(f"/api/privacy/holds/{hold['id']}/end", {"reason": ADDRESS}, status=200)

    request = await asked(desk, "erase", ada.id)

    places = request["report"]["places"]
    told = await desk.api.get(f"/api/privacy/holds/{hold['id']}")
    assert (places["reasons_of_locks"], places["legal_holds"]) == (1, 1)
    assert (told["reason"], told["end_reason"]) == ("Claim of [erased].", "[erased]")
    assert "Waiting for [erased]." in (await desk.api.send("GET", path)).text


async def test_looking_at_a_person_locks_nothing(desk: Desk, ada: Ada) -> None:
    before = await lockers(desk)

    await desk.api.get(f"{PEOPLE}/{ada.id}")

    assert await lockers(desk) == before


async def test_requests_and_definitions_are_looked_through(desk: Desk, ada: Ada) -> None:
    rule = {
        "name": "Hers",
        "object": "Contact",
        "where": f"email = '{ADDRESS}'",
        "share_with": {"everyone": True},
    }
    await desk.api.post("/api/metadata/components/sharing_rule", rule)
    bob = await desk.api.post("/contacts", {"last_name": "Bob", "email": "bob@example.org"})
    said = {"kind": "export", "person": bob["id"], "reason": f"Asked by {ADDRESS}."}
    earlier = await desk.api.post("/api/privacy/requests", said, status=202)
    found = await desk.api.get(f"{PEOPLE}/{ada.id}")

    request = await asked(desk, "erase", ada.id)

    told = await desk.api.get(f"/api/privacy/requests/{earlier['id']}")
    after = await desk.api.get("/api/metadata/components/sharing_rule/Hers")
    log = await desk.api.get("/api/audit?component=Hers")
    assert found["definitions"] == request["report"]["definitions"] == ["sharing_rule Hers"]
    assert told["reason"] == "Asked by [erased]."
    assert ADDRESS in after["where"]
    assert ADDRESS not in str(log)


async def test_what_is_noted_of_a_held_user_stops_an_erasure(desk: Desk, ada: Ada) -> None:
    await claimed(desk.api)
    async with a_browser(desk.app) as ben:
        user = (await joined(desk.app, desk.api, ben))["id"]
    engine = desk.app.state.engine
    tenant = await engine.directory.get("default")
    async with engine.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT open_tenant($1, 0)", tenant.id)
        await connection.execute(
            "INSERT INTO access_event (tenant_id, id, user_id, what, details)"
            " VALUES ($1, 1, $2, 'invited', $3)",
            *(tenant.id, parse_id(user)[1], f'{{"email": "{ADDRESS}"}}'),
        )
    await desk.api.post("/api/privacy/holds", {"name": "Case", "records": [user]})

    found = await desk.api.get(f"{PEOPLE}/{ada.id}")
    keeping = await desk.api.get(f"{PEOPLE}/{ada.id}", params={"keep": user})
    body = {"kind": "erase", "person": ada.id, "plan": found["plan"]}
    [problem] = await desk.api.refused("POST", REQUESTS, body, status=409)

    assert (found["held"], keeping["held"]) == (1, 0)
    assert problem["code"] == "privacy.held"
    assert problem["details"]["held"] == [format_id("record", parse_id(user)[1])]
