"""Encrypted fields: values that nobody reads where they lie, and that answers hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.support.app import Api, owner_connection

IBAN = "DE02120300000000202051"
NOTE = "Knows about the merger"
BORN = "1970-02-28"
SECRETS = (IBAN, IBAN.lower(), NOTE, BORN)
EVERY_TEXT = """
SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND nspname = 'public' AND relname <> 'kept'"""


@dataclass(frozen=True)
class Safe:
    """Ada administers; Ben works with every record. company: one with encrypted values."""

    ada: Api
    ben: Api
    company: str


@pytest.fixture
async def safe(app: Starlette, api: Api) -> AsyncIterator[Safe]:
    """Companies with encrypted fields, one of them masked as well."""
    await claimed(api)
    for name, kind, more in (
        ("iban__c", "text", {"encrypted": "deterministic", "unique": True}),
        ("note__c", "long_text", {"encrypted": "random"}),
        ("born__c", "date", {"encrypted": "random"}),
        ("pin__c", "text", {"encrypted": "random", "mask": "last_four"}),
    ):
        await api.post("/api/objects/Company/fields", {"name": name, "type": kind, **more})
    said = {"name": "Acme", "iban__c": "old", "note__c": NOTE, "born__c": BORN}
    made = await api.post("/companies", {**said, "pin__c": "1234567890"})
    await api.patch(f"/companies/{made['id']}", {"iban__c": IBAN})
    async with a_browser(app) as ben:
        await joined(app, api, ben)
        yield Safe(api, ben, made["id"])


async def asked(who: Api, query: str) -> Any:
    return (await who.get("/api/query", params={"q": query}))["records"]


async def at_rest(dsn: str) -> str:
    """Give everything that the tables hold."""
    async with owner_connection(dsn) as connection:
        names = [row[0] for row in await connection.fetch(EVERY_TEXT)]
        texts = []
        for name in names:
            rows = await connection.fetch(f'SELECT t::text FROM "{name}" t')
            texts += [row[0] for row in rows]
    return "\n".join(texts)


async def test_value_is_nowhere_in_the_database_and_in_every_answer(
    safe: Safe, app_dsn: str
) -> None:
    path = f"/companies/{safe.company}"
    headers = {"Idempotency-Key": "once"}
    await safe.ada.post("/companies", {"name": "B", "note__c": NOTE}, headers=headers)
    then = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    read = await safe.ben.get(path)
    past = await safe.ben.get(path, params={"as_of": then})
    [queried] = await asked(safe.ben, "SELECT FIELDS(ALL) FROM Company WHERE name = 'Acme'")
    texts = [
        (await safe.ben.http.get(address)).text
        for address in (
            "/api/export?object=Company&format=csv",
            f"/api/records/Company/{safe.company}/history",
            f"/admin/Company/{safe.company}",
            f"/admin/Company/{safe.company}/edit",
            "/admin/Company?columns=iban__c,note__c",
        )
    ]
    export = {"q": f"SELECT name FROM Company WHERE iban__c = '{IBAN}'", "format": "csv"}
    await safe.ben.post("/api/exports", export, status=202)
    stored = await at_rest(app_dsn)

    for told in (read, past, queried):
        assert (told["iban__c"], told["note__c"], told["born__c"]) == (IBAN, NOTE, BORN)
    assert all(IBAN in text and "\x01" not in text for text in texts)
    assert not [secret for secret in SECRETS if secret in stored]


async def test_equal_values_of_a_deterministic_field_are_found_and_nothing_else(
    safe: Safe,
) -> None:
    async def names(where: str) -> list[str]:
        found = await asked(safe.ben, f"SELECT name FROM Company WHERE {where}")
        return [one["name"] for one in found]

    await safe.ada.post("/companies", {"name": "B", "iban__c": "other"})
    assert await names(f"iban__c = '{IBAN.lower()}'") == ["Acme"]
    assert await names(f"iban__c != '{IBAN}'") == ["B"]
    assert await names(f"iban__c IN ('{IBAN}', 'other') ORDER BY name") == ["Acme", "B"]
    assert await names("note__c != null") == ["Acme"]
    assert await names("iban__c = null") == []
    listed = await safe.ben.get("/companies", params={"where": f"iban__c = '{IBAN}'"})
    assert [one["name"] for one in listed["data"]] == ["Acme"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT name FROM Company WHERE note__c = 'x'",
        "SELECT name FROM Company WHERE born__c > 1970-01-01",
        "SELECT name FROM Company WHERE born__c = TODAY",
        "SELECT name FROM Company WHERE iban__c LIKE 'DE%'",
        "SELECT name FROM Company WHERE iban__c > 'D'",
        "SELECT name FROM Company WHERE iban__c = name",
        "SELECT name FROM Company WHERE LEN(iban__c) > 3",
        "SELECT UPPER(iban__c) FROM Company",
        "SELECT name FROM Company ORDER BY iban__c",
        "SELECT iban__c, COUNT(id) FROM Company GROUP BY iban__c",
        "SELECT MAX(iban__c) FROM Company",
        "SELECT id FROM Company LIMIT 1 PER iban__c",
        "SELECT name FROM Contact ORDER BY company.iban__c",
    ],
)
async def test_what_cannot_be_asked_of_an_encrypted_value_is_refused(
    safe: Safe, query: str
) -> None:
    [problem] = await safe.ada.refused("POST", "/api/query", {"q": query}, status=422)

    assert problem["code"] in ("query.type_mismatch", "query.unknown_function"), problem


async def test_search_does_not_find_by_an_encrypted_value(safe: Safe) -> None:
    for word in (IBAN, "merger"):
        assert safe.company not in str(await safe.ada.get("/search", params={"q": word}))


async def test_key_is_unique_and_finds_its_record(safe: Safe) -> None:
    body = {"name": "Twin", "iban__c": IBAN.lower()}
    [problem] = await safe.ben.refused("POST", "/companies", body, status=422)
    path = f"/api/records/Company/by/iban__c/{IBAN}"
    found = await safe.ben.ask("PUT", path, {"name": "Acme Corp"}, status=200)

    assert (problem["code"], problem["at"]) == ("value.not_unique", "/iban__c")
    assert IBAN.lower() not in problem["message"]
    assert found["id"] == safe.company
    assert (await safe.ben.get(f"/companies/{safe.company}"))["name"] == "Acme Corp"


async def test_same_value_written_again_is_no_change(safe: Safe) -> None:
    before = await safe.ben.get(f"/companies/{safe.company}")
    said = {"note__c": NOTE, "born__c": BORN, "iban__c": IBAN}
    after = await safe.ben.patch(f"/companies/{safe.company}", said)

    assert after["version"] == before["version"]


async def test_encrypted_value_is_masked_and_unmasked(safe: Safe) -> None:
    path = f"/companies/{safe.company}"

    assert (await safe.ben.get(path))["pin__c"] == "\u2022\u2022\u2022\u2022 7890"
    assert (await safe.ada.get(path))["pin__c"] == "1234567890"
    cleared = await safe.ada.patch(path, {"pin__c": None})
    assert cleared["pin__c"] is None


async def test_token_copied_to_another_place_does_not_open(safe: Safe, app_dsn: str) -> None:
    other = await safe.ada.post("/companies", {"name": "B", "note__c": "mine"})
    async with owner_connection(app_dsn) as connection:
        await connection.execute(
            "UPDATE record SET data_long = (SELECT r.data_long FROM record r WHERE r.id = $1)"
            " WHERE id = $2",
            int(safe.company.partition("_")[2], 16),
            int(other["id"].partition("_")[2], 16),
        )

    [problem] = await safe.ada.refused("GET", f"/companies/{other['id']}", status=503)

    assert problem["code"] == "encryption.key_missing"


async def test_what_looks_like_a_mark_or_token_is_what_was_written(safe: Safe) -> None:
    for text in ("1.k.x.y", "\\u0001c1:1:1.k.x.y\\u0001"):
        made = await safe.ada.post("/companies", {"name": text, "iban__c": text})
        read = await safe.ada.get(f"/companies/{made['id']}")
        assert (read["name"], read["iban__c"]) == (text, text)


@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"type": "checkbox", "encrypted": "random"}, "/encrypted"),
        ({"type": "date", "encrypted": "deterministic"}, "/encrypted"),
        ({"type": "text", "encrypted": "random", "unique": True}, "/unique"),
        ({"type": "text", "encrypted": "random", "searchable": True}, "/searchable"),
        ({"type": "text", "encrypted": "random", "default": "x"}, "/default"),
    ],
)
async def test_field_that_cannot_be_encrypted_is_refused(
    api: Api, more: dict[str, Any], at: str
) -> None:
    said = {"name": "bad__c", **more}
    [problem] = await api.refused("POST", "/api/objects/Company/fields", said, status=422)

    assert (problem["code"], problem["at"]) == ("metadata.invalid", at)


async def test_field_becomes_neither_encrypted_nor_readable_later(api: Api) -> None:
    said = {"name": "one__c", "type": "text", "encrypted": "random"}
    await api.post("/api/objects/Company/fields", said)
    address = "/api/objects/Company/fields/one__c"
    [problem] = await api.refused("PATCH", address, {"encrypted": None}, status=422)

    assert problem["code"] == "metadata.encryption_change"
