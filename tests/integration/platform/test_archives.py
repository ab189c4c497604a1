"""A tenant leaves as one file and comes back whole, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from starlette.applications import Starlette

from fieldstone.metadata.tables import METADATA
from fieldstone.runtime.archives.content import LEFT_OUT, PARTS
from fieldstone.runtime.archives.members import ArchiveLimits
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


def packed(members: dict[str, bytes], method: int = ZIP_DEFLATED) -> bytes:
    """Give an archive of some members, with a manifest that tells of them truly."""
    told = [
        {"name": name, "rows": body.count(b"\n"), "sha256": hashlib.sha256(body).hexdigest()}
        for name, body in members.items()
    ]
    manifest = {"format": 1, "tenant": "other", "catalog_version": 1, "members": told}
    out = io.BytesIO()
    with ZipFile(out, "w", method) as archive:
        for name, body in {**members, "manifest.json": json.dumps(manifest).encode()}.items():
            archive.writestr(name, body)
    return out.getvalue()


def with_rows(name: str, body: bytes) -> dict[str, bytes]:
    """Give the members of an archive of which one alone has rows."""
    return {**{part.member: b"" for part in PARTS}, name: body}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an archive unpack to a megabyte in all, and to a hundred thousand bytes in a row."""
    limits = ArchiveLimits(unpacked_bytes=1_000_000, row_bytes=100_000)
    monkeypatch.setattr("fieldstone.platform.archive_endpoints.limits_of", lambda _: limits)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size_bytes", [200_000, 50_000_000])
async def test_small_file_that_unpacks_to_much_is_refused(desk: Desk, size_bytes: int) -> None:
    content = packed(with_rows("component.ndjson", b'{"id": "' + b"x" * size_bytes + b'"}\n'))

    answer = await restored(desk.api, "again", content)

    assert len(content) < 100_000
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] == "archive.too_large"
    await desk.api.get(f"{TENANTS}/again", status=404)


@pytest.mark.parametrize(
    "members",
    [
        with_rows("component.ndjson", b"[1]\n"),
        with_rows("component.ndjson", b"no json\n"),
        with_rows("component.ndjson", b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"),
        with_rows("component.ndjson", b'{"id": 1, "storage": 5}\n'),
        with_rows("team.ndjson", b'{"id": "no number"}\n'),
        with_rows("team.ndjson", b'{"id": 1, "tenant_id": 1, "name": "a"}\n'),
        with_rows("team.ndjson", b'{"id": 1, "name\\" FROM x; --": "a"}\n'),
        with_rows("team.ndjson", b'{"id": 1}\n'),
        with_rows("files/-1", b"x"),
        with_rows("files/../../secret", b"x"),
        with_rows("files/" + "f" * 200, b"x"),
    ],
)
async def test_archive_with_rows_that_none_has_restores_nothing(
    desk: Desk, members: dict[str, bytes]
) -> None:
    answer = await restored(desk.api, "again", packed(members))

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] == "archive.bad"
    await desk.api.get(f"{TENANTS}/again", status=404)


async def test_archive_packed_in_another_way_is_refused(desk: Desk) -> None:
    answer = await restored(desk.api, "again", packed(with_rows("team.ndjson", b""), ZIP_LZMA))

    assert answer.json()["errors"][0]["code"] == "archive.bad"


async def test_archive_of_more_members_than_memory_takes_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldstone.runtime.archives.members._MOST_MEMBERS", 20)

    answer = await restored(desk.api, "again", packed({str(n): b"" for n in range(30)}))

    assert answer.json()["errors"][0]["code"] == "archive.bad"
    assert "20 members" in answer.text
