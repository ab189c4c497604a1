"""/api/storage/advice, the page in Set up and `crm advise`, as their users meet them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from starlette.applications import Starlette

from fieldstone.metadata.rights import Rights
from fieldstone.platform.commands.main import crm
from fieldstone.runtime.transactions import Viewer
from tests.support.app import Api, client_of
from tests.support.rights import having
from tests.support.web_server import served_app

ADVICE = "/api/storage/advice"
MANY = {
    "name": "Many",
    "fields": [
        {"name": "name", "type": "text"},
        *({"name": f"t{n}", "type": "text"} for n in range(2, 9)),
        {"name": "late", "type": "text"},
        {"name": "size", "type": "number", "indexed": False},
    ],
}


@pytest.fixture
async def nobody(app: Starlette, api: Api) -> AsyncIterator[Api]:
    """A client that may see everything and set up nothing."""
    await api.get("/api/objects")
    engine: Any = app.state.engine
    tenant = await engine.directory.get("default")

    async def ask_as_nobody(scope: Any, receive: Any, send: Any) -> None:
        found = dict(engine.administrators._found)
        engine.administrators._found[tenant.id] = Viewer(None, "Nobody", having(Rights("nobody")))
        try:
            await app(scope, receive, send)
        finally:
            engine.administrators._found.update(found)

    async with client_of(ask_as_nobody) as client:
        yield client


async def asked(api: Api) -> None:
    """Make an object and ask for it by fields without a slot."""
    await api.post("/api/objects", MANY)
    for _ in range(3):
        await api.get("/api/records/Many__c", params={"where": "size > 1", "order_by": "late"})


async def test_advice_counts_the_questions_of_this_process_at_once(api: Api) -> None:
    await asked(api)

    found = await api.get(ADVICE)

    advice = {one["id"]: one for one in found["advice"]}
    assert set(advice) == {"slot-Many__c.size", "slot-Many__c.late"}
    size, late = advice["slot-Many__c.size"], advice["slot-Many__c.late"]
    assert (size["filtered"], size["gives_way"], size["obstacle"]) == (3, None, None)
    assert (late["sorted"], late["gives_way"]["field"]) == (3, "t8")
    assert found["automatic"]
    assert "Manies are filtered by size 3 times in 7 days" in size["reason"]
    assert (await api.get(ADVICE, params={"limit": 1}))["advice"] == found["advice"][:1]


async def test_advice_is_applied_and_listed_with_who_did_it(api: Api) -> None:
    await asked(api)

    done = await api.ask("POST", f"{ADVICE}/slot-Many__c.size/apply", status=202)
    passed = await api.post(f"{ADVICE}/slot-Many__c.late/apply", {"instead_of": "t2"}, status=202)

    assert (await api.get(done["url"]))["kind"] == "storage.fill_slot"
    assert (await api.get(passed["url"]))["kind"] == "storage.empty_slot"
    first = await api.get(f"{ADVICE}/history", params={"limit": 1})
    second = await api.get(f"{ADVICE}/history", params={"cursor": first["next"]})
    (late,), (size,) = first["actions"], second["actions"]
    assert (late["advice"], size["advice"]) == ("slot-Many__c.late", "slot-Many__c.size")
    assert (size["state"], size["job"], size["automatic"]) == ("at_work", done["job"], False)
    assert size["by"].startswith("user_")
    assert second["next"] is None


async def test_what_is_at_work_or_was_never_done_is_not_undone(api: Api) -> None:
    await asked(api)
    await api.ask("POST", f"{ADVICE}/slot-Many__c.size/apply", status=202)

    busy = await api.refused("POST", f"{ADVICE}/slot-Many__c.size/undo", status=409)
    never = await api.refused("POST", f"{ADVICE}/slot-Many__c.late/undo", status=409)

    assert busy[0]["code"] == "storage.busy"
    assert never[0]["code"] == "storage.nothing_to_undo"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("slot-Many__c.none/apply", None, 404, "storage.unknown_advice"),
        ("nonsense/apply", None, 404, "storage.unknown_advice"),
        ("slot-Many__c.size/apply", {"instead_of": 5}, 422, "request.bad_parameter"),
        ("slot-Many__c.late/apply", {"instead_of": "nome"}, 404, "metadata.unknown_field"),
        ("index-Many__c.name.size/apply", None, 422, "storage.index_not_possible"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    api: Api, path: str, body: Any, status: int, code: str
) -> None:
    await api.post("/api/objects", MANY)

    problems = await api.refused("POST", f"{ADVICE}/{path}", body, status=status)

    assert problems[0]["code"] == code


async def test_automatic_work_is_switched_off_and_on(api: Api, other: Api) -> None:
    await api.ask("PUT", f"{ADVICE}/automatic", {"automatic": False})

    assert not (await api.get(ADVICE))["automatic"]
    assert (await other.get(ADVICE))["automatic"]
    await api.refused("PUT", f"{ADVICE}/automatic", {"automatic": "no"}, status=422)


async def test_another_tenant_sees_nothing_and_changes_nothing(api: Api, other: Api) -> None:
    await asked(api)
    await api.ask("POST", f"{ADVICE}/slot-Many__c.size/apply", status=202)

    assert (await other.get(ADVICE))["advice"] == []
    assert (await other.get(f"{ADVICE}/history"))["actions"] == []
    await other.refused("POST", f"{ADVICE}/slot-Many__c.late/apply", status=404)
    await other.refused("POST", f"{ADVICE}/slot-Many__c.size/undo", status=409)


async def test_who_may_not_set_up_is_refused(api: Api, nobody: Api) -> None:
    await asked(api)

    for method, path, body in (
        ("GET", ADVICE, None),
        ("GET", f"{ADVICE}/history", None),
        ("PUT", f"{ADVICE}/automatic", {"automatic": False}),
        ("POST", f"{ADVICE}/slot-Many__c.size/apply", {}),
        ("POST", f"{ADVICE}/slot-Many__c.size/undo", None),
    ):
        await nobody.refused(method, path, body, status=403)
    assert (await nobody.send("GET", "/admin/storage")).status_code == 403
    assert (await api.get(f"{ADVICE}/history"))["actions"] == []


async def test_the_page_shows_advice_and_applies_it(api: Api) -> None:
    await asked(api)
    shown = (await api.send("GET", "/admin/storage")).text
    token = re.search(r'name="_csrf" value="([^"]+)"', shown)
    assert token is not None
    assert "Manies are filtered by size 3 times in 7 days" in shown

    address, form = "/admin/storage/slot-Many__c.size/apply", {"_csrf": token[1]}
    applied = await api.http.post(address, data=form)
    again = await api.http.post(address, data=form)

    assert applied.status_code == 303
    assert again.status_code == 422
    shown = (await api.send("GET", "/admin/storage")).text
    assert "A job is at work" in shown
    assert (await api.http.post(address)).status_code == 403


@pytest.fixture
def url(app_dsn: str, tmp_path: Path) -> Iterator[str]:
    """The address of a server that was asked for deals by their next step."""
    with served_app(app_dsn, tmp_path / "data") as address:
        for _ in range(3):
            httpx.get(f"{address}/api/records/Deal?where=next_step = 'Call'").raise_for_status()
        yield address


def test_the_command_lists_applies_and_tells_the_history(url: str) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(crm, ["advise", *arguments, "--url", url])
        assert done.exit_code == 0, done.output
        return done.output

    assert "Deals are filtered by next_step 3 times in 7 days" in run()
    assert "Nothing was applied yet." in run("history")
    assert "crm advise undo slot-Deal.next_step" in run("apply", "slot-Deal.next_step")
    assert "at work, job" in run("history")
    assert "Nothing is applied without you" in run("--auto", "off")
    assert "Strong advice is applied by itself" in run("--auto", "on")
