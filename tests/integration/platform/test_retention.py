"""Retention: policies are previewed, and a job does what they say, but for what is held."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fieldstone.clock import SystemClock
from fieldstone.runtime.storage.maintenance import Maintenance
from fieldstone.runtime.storage.rules import StorageRules
from tests.support.app import Api, owner_connection
from tests.support.imports import Desk

POLICIES = "/api/metadata/components/retention_policy"
RETENTION = "/api/privacy/retention"


async def aged(desk: Desk, statement: str) -> None:
    """Change what lies in the database, so that it is older."""
    async with owner_connection(desk.app.state.settings.database_url) as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement)


async def old_lead(desk: Desk, name: str, days: int = 800) -> str:
    """Make a lead that was changed last so many days ago."""
    made = await desk.api.post("/leads", {"last_name": name, "company": "Acme"})
    number = int(made["id"].partition("_")[2], 16)
    await aged(
        desk, f"UPDATE record SET updated_at = now() - interval '{days} days' WHERE id = {number}"
    )
    return str(made["id"])


async def retained(desk: Desk) -> Any:
    """Carry the policies out, and give what became of what."""
    begun = await desk.api.post(f"{RETENTION}/run", None, status=202)
    await desk.run(begun["job"])
    job = await desk.api.get(begun["url"])
    assert job["state"] == "done", job
    return job["result"]["policies"]


async def test_old_records_go_into_the_bin_and_young_ones_stay(desk: Desk) -> None:
    old, young = await old_lead(desk, "Old"), await old_lead(desk, "Young", 10)
    policy = {"name": "Leads", "of": "records", "object": "Lead", "days": 730}
    preview = await desk.api.post(f"{RETENTION}/preview", policy, status=200)
    await desk.api.post(POLICIES, policy)

    told = await retained(desk)

    assert (preview["due"], preview["held"]) == (1, 0)
    assert told == {"Leads": {"deleted": 1, "held": 0, "kept": 0}}
    assert [one["id"] for one in (await desk.api.get("/leads"))["data"]] == [young]
    assert [one["id"] for one in (await desk.api.get("/api/bin"))["deletions"]] == [old]


async def test_preview_keeps_nothing_of_a_policy(api: Api) -> None:
    said = {"of": "records", "object": "Lead", "days": 730}

    await api.post(f"{RETENTION}/preview", said, status=200)

    assert (await api.get(RETENTION))["policies"] == []


async def test_condition_decides_which_records_are_purged_for_good(desk: Desk) -> None:
    lost, won = [await old_lead(desk, name) for name in ("Lost", "Won")]
    await desk.api.post(
        POLICIES,
        {
            "name": "Lost_leads",
            "of": "records",
            "object": "Lead",
            "days": 730,
            "where": "last_name = 'Lost'",
            "action": "purge",
        },
    )

    told = await retained(desk)

    assert told["Lost_leads"]["purged"] == 1
    assert (await desk.api.get("/api/bin"))["deletions"] == []
    await desk.api.get(f"/leads/{lost}", status=404)
    await desk.api.get(f"/leads/{won}")


async def test_anonymous_records_stay_without_what_tells_who_they_are(desk: Desk) -> None:
    made = await desk.api.post(
        "/contacts",
        {"last_name": "Lovelace", "email": "ada@love.example", "birthday": "1815-12-10"},
    )
    await aged(desk, "UPDATE record SET updated_at = now() - interval '800 days'")
    said = {"name": "Old", "of": "records", "object": "Contact", "days": 700}
    await desk.api.post(POLICIES, {**said, "action": "anonymise"})

    told = await retained(desk)

    found = await desk.api.get(f"/contacts/{made['id']}")
    history = await desk.api.get(f"/api/records/Contact/{made['id']}/history")
    assert told["Old"]["anonymised"] == 1
    assert (found["name"], found.get("email"), found.get("birthday")) == ("[erased]", None, None)
    assert "ovelace" not in f"{found}{history}"
    assert "ada@love" not in f"{found}{history}"
    assert "contact" not in str(await desk.api.get("/search?q=lovelace"))


async def test_held_records_are_not_lost_to_retention(desk: Desk) -> None:
    held, free = [await old_lead(desk, name) for name in ("Held", "Free")]
    await desk.api.post("/api/privacy/holds", {"name": "Case", "records": [held]})
    policy = {"name": "Leads", "of": "records", "object": "Lead", "days": 730}
    await desk.api.post(POLICIES, {**policy, "action": "purge"})
    [shown] = (await desk.api.get(RETENTION))["policies"]

    told = await retained(desk)

    assert (shown["due"], shown["held"]) == (2, 1)
    assert (told["Leads"]["purged"], told["Leads"]["held"]) == (1, 1)
    await desk.api.get(f"/leads/{held}")
    await desk.api.get(f"/leads/{free}", status=404)


async def test_values_of_old_changes_go_and_those_of_held_records_stay(desk: Desk) -> None:
    held, free = [
        await desk.api.post("/contacts", {"last_name": name}) for name in ("Held", "Free")
    ]
    await desk.api.post("/api/privacy/holds", {"name": "Case", "records": [held["id"]]})
    await aged(desk, "UPDATE change SET at = at - interval '800 days'")
    await desk.api.post(POLICIES, {"name": "Log", "of": "changes", "days": 365})

    told = await retained(desk)

    kept = await desk.api.get(f"/api/records/Contact/{held['id']}/history")
    gone = await desk.api.get(f"/api/records/Contact/{free['id']}/history")
    assert told["Log"]["forgotten"] >= 1
    assert "Held" in str(kept)
    assert "Free" not in str(gone)
    assert [one["operation"] for one in gone["changes"]] == ["create"]


async def test_policy_of_an_object_decides_how_long_its_deletions_are_kept(desk: Desk) -> None:
    for plural in ("contacts", "leads"):
        made = await desk.api.post(f"/{plural}", {"last_name": "X", "company": None})
        await desk.api.delete(f"/{plural}/{made['id']}")
    await aged(desk, "UPDATE bin SET at = at - interval '40 days'")
    said = {"name": "Long", "of": "bin", "object": "Contact", "days": 365}
    await desk.api.post(POLICIES, said)
    engine = desk.worker.engine
    rules = StorageRules(keep_deleted=timedelta(days=30))

    await Maintenance(engine.pool, engine.database, rules, SystemClock()).run_if_due()
    for job in (await desk.api.get("/api/jobs"))["jobs"]:
        await desk.run(job["id"])

    [kept] = (await desk.api.get("/api/bin"))["deletions"]
    assert kept["type"] == "Contact"


async def test_jobs_sign_ins_and_files_are_forgotten_in_time(desk: Desk) -> None:
    await desk.upload("name\nAcme\n", object="Company")
    await aged(desk, "UPDATE job SET state = 'done', finished_at = now() - interval '9 days'")
    await aged(desk, "UPDATE file SET created_at = now() - interval '9 days'")
    for of in ("jobs", "files", "access", "sign_ins"):
        await desk.api.post(POLICIES, {"name": f"Old_{of}", "of": of, "days": 7})
    before = {one["of"]: one["due"] for one in (await desk.api.get(RETENTION))["policies"]}

    await retained(desk)

    after = {one["of"]: one["due"] for one in (await desk.api.get(RETENTION))["policies"]}
    assert before["jobs"] == 1
    assert before["files"] == 1
    assert set(after.values()) == {0}


async def test_policies_are_carried_out_every_day(desk: Desk) -> None:
    old = await old_lead(desk, "Old")
    await desk.api.post(POLICIES, {"name": "L", "of": "records", "object": "Lead", "days": 730})
    engine = desk.worker.engine

    await Maintenance(engine.pool, engine.database, StorageRules(), SystemClock()).run_if_due()
    jobs = [one for one in (await desk.api.get("/api/jobs"))["jobs"] if "retain" in one["kind"]]
    await desk.run(jobs[0]["id"])

    assert len(jobs) == 1
    await desk.api.get(f"/leads/{old}", status=404)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"of": "records", "days": 1}, "/object"),
        ({"of": "records", "days": 0, "object": "Lead"}, "/days"),
        ({"of": "records", "days": 1, "object": "Lead", "since": "last_name"}, "/since"),
        ({"of": "records", "days": 1, "object": "Lead", "where": "nothing = 1"}, None),
        ({"of": "jobs", "days": 1, "object": "Lead"}, "/object"),
        ({"of": "jobs", "days": 1, "action": "purge"}, "/action"),
        ({"of": "everything", "days": 1}, "/of"),
    ],
)
async def test_policy_that_cannot_be_carried_out_is_refused(
    api: Api, said: dict[str, Any], at: str | None
) -> None:
    problems = await api.refused("POST", POLICIES, {"name": "Wrong", **said}, status=422)

    assert any(at is None or str(one.get("at")).endswith(at) for one in problems), problems


async def test_of_one_thing_there_is_one_policy(api: Api) -> None:
    await api.post(POLICIES, {"name": "One", "of": "jobs", "days": 7})

    [problem] = await api.refused(
        "POST", POLICIES, {"name": "Two", "of": "jobs", "days": 9}, status=422
    )

    assert problem["code"] == "metadata.name_taken"
