"""Tenants are suspended, deleted, brought back and purged by operators, and by nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.errors import InvalidInput
from fieldstone.platform import operator_endpoints
from fieldstone.platform.identity.operator import operator_note
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.tenants import PLATFORM
from tests.support.app import OTHER, Api, client_of, owner_connection
from tests.support.imports import Desk

TENANTS = "/api/platform/tenants"
TWIG = "other--twig"
BRANCHES = "/api/branches"
PASSWORD = "correct horse battery"


async def test_suspended_tenant_lets_nobody_in_until_it_is_resumed(api: Api, other: Api) -> None:
    await other.post("/contacts", {"last_name": "Smith"})

    await api.post(f"{TENANTS}/other/suspend", {"reason": "The trial ended."}, status=200)
    [problem] = await other.refused("GET", "/contacts", status=403)
    page = await other.send("GET", "/sign-in")
    assert (await api.get("/contacts"))["data"] == []
    await api.post(f"{TENANTS}/other/resume", None, status=200)

    assert (problem["code"], problem["hint"]) == ("tenant.suspended", "The trial ended.")
    assert (page.status_code, "suspended" in page.text) == (403, True)
    assert page.headers["content-type"].startswith("text/html")
    assert len((await other.get("/contacts"))["data"]) == 1


async def test_deleted_tenant_is_not_there_and_comes_back_as_it_was(api: Api, other: Api) -> None:
    await other.post("/contacts", {"last_name": "Smith"})
    await api.post(f"{TENANTS}/other/suspend", None, status=200)

    gone = await api.delete(f"{TENANTS}/other")
    await other.refused("GET", "/contacts", status=404)
    back = await api.post(f"{TENANTS}/other/undelete", None, status=200)
    await api.post(f"{TENANTS}/other/resume", None, status=200)

    assert (gone["status"], gone["job"], back["status"]) == ("deleted", None, "suspended")
    assert len((await other.get("/contacts"))["data"]) == 1
    events = (await api.get(f"{TENANTS}/other/events"))["events"]
    assert [one["what"] for one in events][:4] == ["resume", "undelete", "delete", "suspend"]


@pytest.mark.parametrize("step", ["resume", "undelete"])
async def test_step_out_of_turn_is_refused(api: Api, step: str) -> None:
    [problem] = await api.refused("POST", f"{TENANTS}/other/{step}", status=409)

    assert problem["code"] == "tenant.wrong_state"


async def test_default_tenant_stays(api: Api) -> None:
    await api.refused("DELETE", f"{TENANTS}/default", status=409)

    assert (await api.get("/contacts"))["data"] == []


async def test_purged_tenant_leaves_nothing_in_any_table_or_file(desk: Desk) -> None:
    await filled(desk)
    store = desk.app.state.files
    tenant = await desk.app.state.engine.directory.get(OTHER)

    gone = await desk.api.delete(f"{TENANTS}/other?now=yes", status=202)
    ended = await desk.worker.run_job(PLATFORM.id, gone["job"])

    assert ended is not None
    assert ended.state is JobState.DONE
    proof: Any = (await desk.api.get(f"/api/platform/jobs/{gone['job']}"))["result"]
    assert proof["rows_removed"] > 100
    assert (proof["rows_left"], proof["files_removed"]) == (0, 1)
    assert proof["tables_looked_at"] > 30
    assert await store.remove_all(tenant.id) == 0
    async with owner_connection(desk.app.state.settings.database_url) as connection:
        for row in await connection.fetch("SELECT * FROM tables_of_tenants() AS name"):
            counted = f'SELECT count(*) FROM "{row["name"]}" WHERE tenant_id = $1'
            assert await connection.fetchval(counted, int(tenant.id)) == 0, row["name"]
    await desk.api.get(f"{TENANTS}/other", status=404)
    made = await desk.api.post(TENANTS, {"name": "other"})
    assert made["status"] == "active"
    assert (await desk.other.get("/contacts"))["data"] == []


async def filled(desk: Desk) -> None:
    """Give the tenant other some records, links, a deleted one, a file and people."""
    company = await desk.other.post("/companies", {"name": "Acme"})
    said = {"last_name": "Smith", "company": company["id"]}
    made = await desk.other.post("/contacts", said)
    await desk.other.post("/contacts", said)
    await desk.other.delete(f"/contacts/{made['id']}")
    answer = await desk.other.http.post("/api/files", files={"file": ("a.txt", b"some words")})
    assert answer.status_code == 201
    await desk.other.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})


async def test_purge_that_was_stopped_goes_on_where_it_was(desk: Desk) -> None:
    await filled(desk)
    gone = await desk.api.delete(f"{TENANTS}/other?now=yes", status=202)
    await desk.api.post(f"/api/platform/jobs/{gone['job']}/cancel", None, status=200)
    await desk.api.refused("POST", f"{TENANTS}/other/purge", status=404)

    again = await desk.api.delete(f"{TENANTS}/other?now=yes", status=202)
    [busy] = await desk.api.refused("DELETE", f"{TENANTS}/other?now=yes", status=409)
    ended = await desk.worker.run_job(PLATFORM.id, again["job"])

    assert busy["code"] == "tenant.already_purging"
    assert ended is not None
    assert ended.state is JobState.DONE
    await desk.api.get(f"{TENANTS}/other", status=404)


async def test_a_job_is_not_cancelled_unless_that_is_noted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise InvalidInput("Nothing can be noted.")

    await filled(desk)
    gone = await desk.api.delete(f"{TENANTS}/other?now=yes", status=202)
    address = f"/api/platform/jobs/{gone['job']}"
    with monkeypatch.context() as patched:
        patched.setattr(operator_endpoints, "note_operation", refuse)
        await desk.api.refused("POST", f"{address}/cancel", status=422)

    assert (await desk.api.get(address))["state"] == "waiting"
    await desk.api.post(f"{address}/cancel", None, status=200)
    log = await desk.api.get("/api/platform/audit?what=job_cancelled")
    assert [one["details"] for one in log["entries"]] == [{"job": gone["job"]}]


async def test_operator_over_the_network_needs_a_token_of_theirs(app: Starlette, api: Api) -> None:
    made = await api.post("/api/platform/tokens", {"name": "billing"})
    await api.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})
    mine = await api.post("/api/tokens", {"name": "sync"})

    async with client_of(app) as network:
        await network.refused("GET", TENANTS, status=401)
        for text in (mine["token"], "fsp_" + "x" * 43, "fso_nonsense"):
            bearer = {"authorization": f"Bearer {text}"}
            await network.refused("GET", TENANTS, headers=bearer, status=403)
        bearer = {"authorization": f"Bearer {made['token']}"}
        assert len((await network.get(TENANTS, headers=bearer))["tenants"]) == 2
        await network.refused("GET", "/contacts", headers=bearer, status=401)
        note = {"authorization": f"Bearer {operator_note('tests')}"}
        await network.delete(f"/api/platform/tokens/{made['id']}", headers=note, status=204)
        await network.refused("GET", TENANTS, headers=bearer, status=403)
    await api.refused("GET", TENANTS, status=403)


async def test_plans_give_limits_that_a_tenant_may_differ_from(api: Api) -> None:
    await api.ask("PUT", "/api/platform/plans/small", {"limits": {"users": 2, "records": 10}})
    found = await api.patch(f"{TENANTS}/other", {"plan": "small", "limits": {"records": 20}})
    again = await api.patch(f"{TENANTS}/other", {"limits": {"records": None}})
    [in_use] = await api.refused("DELETE", "/api/platform/plans/small", status=409)
    await api.patch(f"{TENANTS}/other", {"plan": "unlimited"})
    await api.delete("/api/platform/plans/small", status=204)

    assert (found["plan"], found["limits"]) == ("small", {"records": 20})
    assert again["limits"] == {}
    assert in_use["code"] == "plan.in_use"


@pytest.mark.parametrize(
    "change",
    [
        {"plan": "nobody's"},
        {"limits": {"wishes": 3}},
        {"limits": {"users": "many"}},
        {"limits": {"users": -1}},
        {"limits": []},
        {"features": {"magic": True}},
        {"features": {"as_of": 1}},
        {"label": ""},
    ],
)
async def test_terms_that_make_no_sense_are_refused(api: Api, change: dict[str, Any]) -> None:
    await api.refused("PATCH", f"{TENANTS}/other", change, status=422)

    assert (await api.get(f"{TENANTS}/other"))["plan"] == "unlimited"


async def test_branches_are_led_along_and_purged_with_their_parent(desk: Desk) -> None:
    api = desk.api

    async def states() -> list[str]:
        return [(await api.get(f"{TENANTS}/{name}"))["status"] for name in (OTHER, TWIG)]

    await desk.other.post(BRANCHES, {"name": "twig", "samples": 0})
    found = []
    for step in ("suspend", "resume"):
        await api.post(f"{TENANTS}/other/{step}", None, status=200)
        found.append(await states())
    await api.patch(f"{TENANTS}/other", {"limits": {"records": 4711}})
    await api.delete(f"{TENANTS}/other")
    found.append(await states())
    await api.post(f"{TENANTS}/other/undelete", None, status=200)
    found.append(await states())
    limits = (await api.get(f"{TENANTS}/{TWIG}"))["limits"]
    deed = (await api.get(f"{TENANTS}/{TWIG}/events"))["events"][0]
    gone = await api.delete(f"{TENANTS}/other?now=yes", status=202)
    await desk.worker.run_job(PLATFORM.id, gone["job"])
    [newest, *_] = (await api.get("/api/platform/jobs"))["jobs"]
    await desk.worker.run_job(PLATFORM.id, newest["id"])

    assert found == [[state] * 2 for state in ("suspended", "active", "deleted", "active")]
    assert limits == {"records": 4711}
    assert (deed["what"], deed["details"]) == ("undelete", {"with": OTHER})
    for name in (OTHER, TWIG):
        await api.refused("GET", f"{TENANTS}/{name}", status=404)


async def test_branch_that_was_cut_off_halfway_is_removed_and_made_again(desk: Desk) -> None:
    said, again = {"name": "twig", "samples": 0}, "INSERT INTO branch SELECT * FROM noted"
    await desk.other.post(BRANCHES, said)
    async with owner_connection(desk.app.state.settings.database_url) as connection:
        await connection.execute("CREATE TEMP TABLE noted AS SELECT * FROM branch")
        # The making came as far as its note in the parent, the removal as far as the purge.
        await connection.execute("UPDATE tenant SET status = 'restoring' WHERE name = $1", TWIG)
        made = await desk.other.delete(f"{BRANCHES}/twig", status=202)
        await connection.execute(again)
        removed = await desk.other.delete(f"{BRANCHES}/twig", status=202)
        await desk.worker.run_job(PLATFORM.id, made["job"])
        await connection.execute(again)
        purged = await desk.other.delete(f"{BRANCHES}/twig", status=202)
        # The making of this one came nowhere, long ago.
        await desk.app.state.engine.tenants.begin(TWIG, "", "unlimited", "", status="restoring")
        [early] = await desk.other.refused("POST", BRANCHES, said, status=409)
        long_ago = "UPDATE tenant SET created_at = now() - interval '1 day' WHERE name = $1"
        await connection.execute(long_ago, TWIG)

    assert made["job"] is not None
    assert (removed["job"], purged["job"]) == (None, None)
    assert early["code"] == "tenant.exists"
    assert (await desk.other.post(BRANCHES, said))["tenant"] == TWIG
