"""A tenant leaves as one file and comes back whole, or not at all."""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from starlette.applications import Starlette

from fieldstone.metadata.tables import METADATA
from fieldstone.runtime.archives.content import LEFT_OUT, PARTS
from tests.support.app import Api, client_of
from tests.support.imports import Desk

TENANTS = "/api/platform/tenants"
FIELDS = [{"name": "name", "type": "text"}, {"name": "scan", "type": "file"}]
PASSWORD = "correct horse battery"


async def filled(desk: Desk) -> dict[str, Any]:
    """Give the tenant other an object, records, a deleted one, a file and somebody who signs in."""
    body = {"name": "Ship", "plural_name": "Ships", "fields": FIELDS}
    await desk.other.post("/api/objects", body)
    company = await desk.other.post("/companies", {"name": "Acme"})
    contact = {"last_name": "Smith", "company": company["id"]}
    kept = await desk.other.post("/contacts", contact)
    gone = await desk.other.post("/contacts", {"last_name": "Gone"})
    await desk.other.delete(f"/contacts/{gone['id']}")
    files = {"file": ("a.txt", b"some words")}
    file = (await desk.other.http.post("/api/files", files=files)).json()
    ship = await desk.other.post("/api/records/Ship__c", {"name": "Ark", "scan": file})
    await desk.other.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})
    return {"company": company, "kept": kept, "gone": gone, "file": file, "ship": ship}


async def archive_of(api: Api, path: str = f"{TENANTS}/other/archive") -> bytes:
    """Give the bytes of an archive."""
    answer = await api.send("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.content


async def restored(api: Api, name: str, content: bytes) -> Any:
    """Send an archive and give the answer."""
    files = {"file": ("a.zip", content)}
    return await api.http.post(f"{TENANTS}/{name}/restore", files=files)


def with_member(content: bytes, name: str, change: Any) -> bytes:
    """Give an archive in which one member is another."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for one in old.namelist():
            body = old.read(one)
            new.writestr(one, change(body) if one == name else body)
    return out.getvalue()


async def test_tenant_comes_back_with_its_ids_links_history_and_files(desk: Desk) -> None:
    made = await filled(desk)
    content = await archive_of(desk.api)

    answer = await restored(desk.api, "again", content)

    assert answer.status_code == 201, answer.text
    async with client_of(desk.app, "again") as again:
        company = await again.get(f"/companies/{made['company']['id']}")
        contact = await again.get(f"/contacts/{made['kept']['id']}")
        ship = await again.get(f"/api/records/Ship__c/{made['ship']['id']}")
        file = await again.send("GET", f"/api/files/{made['file']['id']}")
        history = await again.get(f"/api/records/Contact/{made['kept']['id']}/history")
        path = f"/api/records/Contact/{made['gone']['id']}/restore"
        await again.post(path, None, status=200)
        found = await again.get("/api/search?q=acme")
        await again.post("/companies", {"name": "New"})
        people = await again.get("/api/people")
    assert company["name"] == "Acme"
    assert contact["company"]["id"] == made["company"]["id"]
    assert ship["scan"]["id"] == made["file"]["id"]
    assert file.content == b"some words"
    assert history["changes"]
    assert "Acme" in json.dumps(found)
    assert [one["has_password"] for one in people["people"]] == [False]
    proof = (await desk.api.get(f"{TENANTS}/again/usage?reconcile=yes"))["proof"]
    assert proof["agree"] is True, proof


async def test_archive_holds_no_secrets_and_counts_what_it_holds(desk: Desk) -> None:
    await filled(desk)

    with ZipFile(io.BytesIO(await archive_of(desk.api))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        texts = {name: archive.read(name) for name in archive.namelist()}

    rows = {one["name"]: one["rows"] for one in manifest["members"]}
    assert rows["member.ndjson"] == 1
    assert rows["component.ndjson"] == texts["component.ndjson"].count(b"\n") > 100
    assert not [name for name, text in texts.items() if b"argon2" in text or b"token_hash" in text]


async def test_changed_archive_restores_nothing(desk: Desk) -> None:
    await filled(desk)
    content = await archive_of(desk.api)
    changed = with_member(content, "link.ndjson", lambda body: body + body)

    for bad in (changed, content[:2000], b"no archive"):
        answer = await restored(desk.api, "again", bad)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["code"] == "archive.bad"

    await desk.api.get(f"{TENANTS}/again", status=404)
    assert (await restored(desk.api, "again", content)).status_code == 201


async def test_administrator_takes_their_own_tenant_along_and_nobody_elses(
    app: Starlette, api: Api, other: Api
) -> None:
    await other.post("/companies", {"name": "Secret Plans"})
    await api.post("/companies", {"name": "Ours"})

    content = await archive_of(api, "/api/archive")

    with ZipFile(io.BytesIO(content)) as archive:
        texts = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Ours" in texts
    assert b"Secret Plans" not in texts
    await other.refused("GET", f"{TENANTS}/default/archive", status=403)


def test_every_table_of_tenants_is_archived_or_left_out_for_a_reason() -> None:
    told = {part.table.name for part in PARTS} | LEFT_OUT.keys()
    of_tenants = {name for name, table in METADATA.tables.items() if "tenant_id" in table.c}

    assert of_tenants - told == set()


async def test_share_with_a_role_and_all_below_comes_back(desk: Desk) -> None:
    company = await desk.other.post("/companies", {"name": "Acme"})
    await desk.other.patch("/api/objects/Company", {"sharing": "private"})
    await desk.other.post("/api/metadata/components/role", {"name": "Chief", "label": "Chief"})
    path = f"/api/records/Company/{company['id']}/shares"
    said = {"with": {"role_and_below": "Chief"}, "access": "edit"}
    before = await desk.other.post(path, said)

    answer = await restored(desk.api, "again", await archive_of(desk.api))

    assert answer.status_code == 201, answer.text
    async with client_of(desk.app, "again") as again:
        [share] = (await again.get(path))["shares"]
    assert share["with"]["name"] == before["shares"][0]["with"]["name"] == "Chief and below"
