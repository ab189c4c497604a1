"""Keys of encrypted values are changed while the platform serves, and nothing is lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from fieldstone.platform.encryption_keys import add_key
from tests.support.app import Api, client_of, opened_app, owner_connection
from tests.support.imports import opened_desk

IBAN = "DE02120300000000202051"
KEYS = "encryption.keys"
TODAY = date(2026, 3, 20)


async def made_company(api: Api) -> dict[str, Any]:
    """Make encrypted fields, and a company that has values in them."""
    for name, more in (
        ("iban__c", {"encrypted": "deterministic", "unique": True}),
        ("note__c", {"encrypted": "random"}),
    ):
        await api.post("/api/objects/Company/fields", {"name": name, "type": "text", **more})
    said = {"name": "Acme", "iban__c": IBAN, "note__c": "Merger"}
    made: dict[str, Any] = await api.post("/companies", said)
    return made


async def keys_told(api: Api) -> list[tuple[str, bool, int]]:
    told = await api.get("/api/encryption")
    return [(one["id"], one["is_there"], one["values"]) for one in told["keys"]]


async def rotated(api: Api, dsn: str, data: Path) -> Any:
    """Have the keys changed by a worker."""
    job = (await api.post("/api/encryption/rotate", {}, status=202))["job"]
    async with opened_desk(dsn, data) as desk:
        done = await desk.run(job)
    assert done is not None
    return done


async def test_values_are_sealed_with_the_new_key_and_found_all_the_while(
    app_dsn: str, tmp_path: Path
) -> None:
    async with opened_app(app_dsn, tmp_path) as app, client_of(app) as api:
        made = await made_company(api)
        [(old, _, count)] = await keys_told(api)
    path = f"/companies/{made['id']}"
    new = add_key(tmp_path / KEYS, TODAY)

    async with opened_app(app_dsn, tmp_path) as app, client_of(app) as api:
        between = await api.get("/companies", params={"where": f"iban__c = '{IBAN}'"})
        twin = {"name": "Twin", "iban__c": IBAN}
        [before] = await api.refused("POST", "/companies", twin, status=422)
        done = await rotated(api, app_dsn, tmp_path)
        told = await keys_told(api)
        read = await api.get(path)
        after = await api.get("/companies", params={"where": f"iban__c = '{IBAN}'"})
        [problem] = await api.refused("POST", "/companies", twin, status=422)
        history = await api.get(f"/api/records/Company/{made['id']}/history")
        status = await api.get("/api/encryption")
        page = (await api.http.get("/admin/encryption")).text

    assert (status["keys"][0]["made_on"], status["keys"][1]["made_on"]) == (str(TODAY), None)
    assert status["keys"][0]["fields"] == ["Company.iban__c", "Company.note__c"]
    assert status["rotation"]["state"] == "done"
    assert "Sealed anew" in page
    assert "taken out" not in page
    assert "values of others may be under the same keys" in page
    assert "since 2026-03-20" in page
    assert (count, done.result) == (2, {"sealed_anew": 1})
    assert told == [(new, True, 2), (old, True, 0)]
    assert (read["iban__c"], read["note__c"], read["version"]) == (IBAN, "Merger", made["version"])
    assert between["data"] == after["data"]
    assert before["code"] == problem["code"] == "value.not_unique"
    assert IBAN in str(history)


async def test_what_was_rotated_opens_with_the_new_key_alone(app_dsn: str, tmp_path: Path) -> None:
    first = tmp_path / "first"
    add_key(first / KEYS, TODAY)
    async with opened_app(app_dsn, first) as app, client_of(app) as api:
        made = await made_company(api)
        await api.send("DELETE", f"/companies/{made['id']}")
    old = (first / KEYS).read_text()
    add_key(first / KEYS, TODAY)
    async with opened_app(app_dsn, first) as app, client_of(app) as api:
        await rotated(api, app_dsn, first)
    newest = (first / KEYS).read_text().removesuffix(old)
    (first / KEYS).write_text(newest)

    async with opened_app(app_dsn, first) as app, client_of(app) as api:
        address = f"/api/records/Company/{made['id']}"
        await api.post(f"{address}/restore", {}, status=200)
        read = await api.get(address)
        told = {one["id"]: one for one in (await api.get("/api/encryption"))["keys"]}
        [lost] = await api.refused("GET", f"{address}/history", status=503)

    assert (read["iban__c"], read["note__c"]) == (IBAN, "Merger")
    assert not told[old.split()[0]]["is_there"]
    assert told[old.split()[0]]["values_in_log"] > 0
    assert lost["code"] == "encryption.key_missing"


async def test_only_those_who_set_up_storage_see_keys(api: Api, other: Api, app_dsn: str) -> None:
    await made_company(api)

    assert [one["values"] for one in (await other.get("/api/encryption"))["keys"]] == [0]
    async with owner_connection(app_dsn) as connection:
        secret = await connection.fetchval(
            "SELECT count(*) FROM record WHERE data::text ~ $1", IBAN
        )
    assert secret == 0
