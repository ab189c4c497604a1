"""Masks: who may not unmask a field sees the end of its values, and asks nothing by them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.support.app import Api

IBAN = "DE02120300000000202051"
SHOWN = "\u2022\u2022\u2022\u2022 2051"
DOTS = "\u2022\u2022\u2022\u2022"


@dataclass(frozen=True)
class Bank:
    """Ada administers; Ben sees masks. company: one whose iban__c and pin__c have values."""

    ada: Api
    ben: Api
    ben_id: str
    company: str


@pytest.fixture
async def bank(app: Starlette, api: Api) -> AsyncIterator[Bank]:
    """Companies with masked fields."""
    await claimed(api)
    for name, more in (
        ("iban__c", {"mask": "last_four", "unique": True, "searchable": True}),
        ("pin__c", {"mask": "hidden"}),
    ):
        await api.post("/api/objects/Company/fields", {"name": name, "type": "text", **more})
    said = {"name": "Acme", "iban__c": IBAN, "pin__c": "1234567890"}
    made = await api.post("/companies", said)
    await api.patch(f"/companies/{made['id']}", {"iban__c": IBAN[::-1]})
    await api.patch(f"/companies/{made['id']}", {"iban__c": IBAN})
    async with a_browser(app) as ben:
        told = await joined(app, api, ben)
        yield Bank(api, ben, told["id"], made["id"])


async def asked(who: Api, query: str) -> Any:
    return (await who.get("/api/query", params={"q": query}))["records"]


async def test_masked_value_is_shown_masked_wherever_it_is_shown(bank: Bank) -> None:
    ben, path = bank.ben, f"/companies/{bank.company}"
    then = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    read = await ben.get(path)
    past = await ben.get(path, params={"as_of": then})
    listed = (await ben.get("/companies?fields=iban__c,pin__c"))["data"]
    [all_fields] = await asked(ben, "SELECT FIELDS(ALL) FROM Company")
    [aliased] = await asked(ben, "SELECT iban__c AS mine FROM Company")
    texts = [
        (await ben.send("GET", f"/api/export?object=Company&format={kind}")).text
        for kind in ("csv", "ndjson")
    ]
    texts.append((await ben.send("GET", f"/api/records/Company/{bank.company}/history")).text)
    texts += [
        (await ben.http.get(address)).text
        for address in (
            f"/admin/Company/{bank.company}",
            "/admin/Company?columns=iban__c,pin__c",
            f"/admin/Company/{bank.company}/history",
        )
    ]

    for told in (read, past, listed[0], all_fields):
        assert (told["iban__c"], told["pin__c"]) == (SHOWN, DOTS)
    assert aliased["mine"] == SHOWN
    for text in texts:
        assert SHOWN in text
        assert IBAN not in text
        assert IBAN[::-1] not in text


@pytest.mark.parametrize(
    "query",
    [
        "SELECT name FROM Company WHERE iban__c = 'x'",
        "SELECT name FROM Company WHERE iban__c LIKE 'DE%'",
        "SELECT name FROM Company WHERE iban__c = null",
        "SELECT name FROM Company WHERE iban__c IN ('x')",
        "SELECT name FROM Company WHERE LEN(iban__c) > 3",
        "SELECT name FROM Company WHERE id IN (SELECT id FROM Company WHERE iban__c > 'D')",
        "SELECT name FROM Company ORDER BY iban__c",
        "SELECT iban__c, COUNT(id) FROM Company GROUP BY iban__c",
        "SELECT MAX(iban__c) FROM Company",
        "SELECT LEFT(iban__c, 2) FROM Company",
        "SELECT name FROM Contact ORDER BY company.iban__c",
        "SELECT id FROM Company LIMIT 1 PER iban__c",
    ],
)
async def test_nothing_is_asked_by_a_masked_value(bank: Bank, query: str) -> None:
    [problem] = await bank.ben.refused("POST", "/api/query", {"q": query}, status=422)

    assert problem["code"] in ("query.masked_field", "query.unknown_field"), problem


async def test_search_keys_and_writes_do_not_know_a_masked_value(bank: Bank) -> None:
    ben = bank.ben
    for word in (IBAN, "2051"):
        assert bank.company not in str(await ben.get("/search", params={"q": word}))
    assert bank.company in str(await bank.ada.get("/search", params={"q": IBAN}))
    found = await ben.send("POST", "/api/query", {"q": f"FIND {{{IBAN}}} RETURNING Company(name)"})
    assert bank.company not in found.text
    body = {"iban__c": "other"}
    [problem] = await ben.refused("PATCH", f"/companies/{bank.company}", body, status=422)
    [key] = await ben.refused("PUT", f"/api/records/Company/by/iban__c/{IBAN}", {}, status=404)

    assert problem["code"] == "access.forbidden"
    assert key["code"] == "metadata.unknown_field"
    sent_back = {"name": "Acme Corp", "iban__c": SHOWN, "pin__c": DOTS}
    saved = await ben.patch(f"/companies/{bank.company}", sent_back)
    assert saved["iban__c"] == SHOWN
    assert (await bank.ada.get(f"/companies/{bank.company}"))["iban__c"] == IBAN


async def test_permission_set_unmasks_one_field_or_all(bank: Bank) -> None:
    one = {"name": "Bankers", "label": "Bankers", "unmask": ["Company.iban__c"]}
    every = {"name": "Openers", "label": "Openers", "all_unmask": True}
    for body, pin in ((one, DOTS), (every, "1234567890")):
        await bank.ada.post("/api/metadata/components/permission_set", body)
        path = f"/api/people/{bank.ben_id}/permission-sets/{body['name']}"
        await bank.ada.ask("PUT", path, status=200)
        read = await bank.ben.get(f"/companies/{bank.company}")
        assert (read["iban__c"], read["pin__c"]) == (IBAN, pin)
    [found] = await asked(bank.ben, f"SELECT name FROM Company WHERE iban__c = '{IBAN}'")
    assert found["id"] == bank.company


async def test_what_unmasks_follows_a_field_that_is_renamed(bank: Bank) -> None:
    one = {"name": "Bankers", "label": "Bankers", "unmask": ["Company.iban__c"]}
    await bank.ada.post("/api/metadata/components/permission_set", one)

    await bank.ada.patch("/api/objects/Company/fields/iban__c", {"name": "account__c"})

    body = await bank.ada.get("/api/metadata/components/permission_set/Bankers")
    assert body["unmask"] == ["Company.account__c"]


async def test_only_texts_are_masked(bank: Bank) -> None:
    said = {"name": "worth__c", "type": "number", "mask": "hidden"}
    [problem] = await bank.ada.refused("POST", "/api/objects/Company/fields", said, status=422)

    assert (problem["code"], problem["at"]) == ("metadata.invalid", "/mask")


async def test_definition_tells_what_is_masked_for_whoever_asks(bank: Bank) -> None:
    for who, told in ((bank.ben, True), (bank.ada, False)):
        fields = (await who.get("/api/objects/Company"))["fields"]
        [field] = [one for one in fields if one["name"] == "iban__c"]
        assert (field["mask"], field["is_masked"]) == ("last_four", told)


async def test_mask_is_loosened_by_those_alone_who_see_the_values(bank: Bank) -> None:
    setter = {"name": "Setters", "label": "Setters", "setup": ["objects"]}
    opener = {"name": "Openers", "label": "Openers", "unmask": ["Company.pin__c"]}
    for body in (setter, opener):
        await bank.ada.post("/api/metadata/components/permission_set", body)
    people = f"/api/people/{bank.ben_id}/permission-sets"
    await bank.ada.ask("PUT", f"{people}/Setters", status=200)

    async def set_mask(name: str, **more: str) -> tuple[int, str]:
        told = {"kind": "field", "name": f"Company.{name}", "type": "text", **more}
        answer = await bank.ben.send("POST", "/api/metadata/plan", {"components": [told]})
        if answer.status_code == 200:
            agreed = {key: answer.json()[key] for key in ("digest", "confirm")}
            said = {"components": [told], **agreed}
            answer = await bank.ben.send("POST", "/api/metadata/apply", said)
        return answer.status_code, answer.text

    for more in ({"mask": "last_four"}, {}):
        status, text = await set_mask("pin__c", **more)
        assert (status, "is masked for you" in text) == (403, True), text
    assert (await set_mask("iban__c", mask="hidden"))[0] == 200

    await bank.ada.ask("PUT", f"{people}/Openers", status=200)
    assert (await set_mask("pin__c"))[0] == 200

    read = await bank.ben.get(f"/companies/{bank.company}")
    assert (read["iban__c"], read["pin__c"]) == (DOTS, "1234567890")


async def test_mask_in_a_file_or_a_write_changes_no_value_for_anybody(bank: Bank) -> None:
    path = f"/companies/{bank.company}"
    sent_back = {"name": "Acme Corp", "iban__c": SHOWN, "pin__c": DOTS}
    saved = await bank.ada.patch(path, sent_back)
    assert (saved["name"], saved["iban__c"], saved["pin__c"]) == ("Acme Corp", IBAN, "1234567890")
