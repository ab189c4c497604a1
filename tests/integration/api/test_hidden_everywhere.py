"""No route tells a member of an object or a field that their permission sets do not open."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.applications import Starlette
from starlette.routing import Route

from tests.support.app import Api, client_of

PASSWORD: Final = "correct horse battery"
SECRET: Final = "zebrafish"
AMOUNT: Final = "424242"
LIMITED: Final = {
    "name": "Limited",
    "label": "Limited",
    "all_objects": ["create", "read", "edit", "delete"],
    "objects": {"Invoice": [], "InvoiceLine": [], "User": ["read"]},
    "all_fields": "edit",
    "fields": {"Deal.value": "none", "Deal.codename": "none"},
    "actions": ["export", "import", "api"],
    "setup": ["people", "organization"],
}
HIDDEN: Final = (SECRET, AMOUNT, "codename", "Codename", "Invoice")
_FLEETING: Final = re.compile(
    r'"request_id": ?"[^"]*"|r_[0-9a-f]+|nonce-[\w=+/-]+|value="[\w.-]{30,}"'
)


async def a_world(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a deal with a secret and an invoice, and let people sign in."""
    await api.get("/deals")
    field = {"name": "codename", "type": "text", "searchable": True}
    await api.post("/api/objects/Deal/fields", field)
    deal = await api.post("/deals", {"name": "Deal", "value": int(AMOUNT), "codename": SECRET})
    await api.patch(f"/deals/{deal['id']}", {"codename": f"{SECRET} two"})
    invoice = await api.post("/invoices", {"description": f"{SECRET} bill", "deal": deal["id"]})
    return deal, invoice


def addresses(app: Starlette, deal: dict[str, Any], invoice: dict[str, Any]) -> list[str]:
    """Give what every GET route is asked: its parameters filled with what is there."""
    fillings = (
        {"object": "Deal", "plural": "deals", "id": deal["id"]},
        {"object": "Invoice", "plural": "invoices", "id": invoice["id"]},
    )
    found = []
    for route in app.router.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or {"GET"}):
            continue
        for filling in fillings:
            values = {name: filling.get(name, "Deal.value") for name in route.param_convertors}
            path = route.path_format
            for name, value in values.items():
                path = path.replace(f"{{{name}}}", value)
            found.append(path)
    return sorted({path for path in found if not path.startswith("/static")})


ASKED: Final = (
    f"/api/search?q={SECRET}",
    f"/search?q={SECRET}",
    f"/admin/search?q={SECRET}",
    "/api/query?q=SELECT FIELDS(ALL) FROM Deal",
    f"/api/query?q=FIND {{{SECRET}}} RETURNING Deal(id, name)",
    f"/api/query?q=FIND {{{SECRET}}}",
    "/api/export?object=Deal",
    "/api/export?object=Deal&format=ndjson",
    "/admin/_lookup?object=Deal&field=company&q=a",
    "/api/records/Deal?count=1",
)
"""Addresses with questions, which tell what there is without naming what is hidden."""

NAMED: Final = (
    "/api/query?q=SELECT codename FROM Deal",
    "/api/query?q=SELECT name FROM Deal WHERE codename != null",
    "/api/query?q=SELECT name FROM Deal ORDER BY codename",
    "/api/query?q=SELECT COUNT(id), codename FROM Deal GROUP BY codename",
    "/api/query?q=SELECT MAX(codename) FROM Deal",
    "/api/query?q=SELECT company.name FROM Deal WHERE UPPER(codename) = 'A'",
    "/api/records/Deal?where=codename = 'a'",
    "/api/records/Deal?order_by=codename",
    "/api/records/Deal?fields=codename",
    "/api/export?object=Deal&fields=codename",
    "/api/export?object=Deal&where=codename = 'a'",
    "/api/objects/Deal/fields/codename",
    "/api/access/explain?object=Deal.codename",
    "/admin/_lookup?object=Deal&field=codename&q=a",
    "/admin/Deal/_filter?field=codename",
)


async def test_no_route_tells_of_what_is_hidden(app: Starlette, api: Api) -> None:
    deal, invoice = await a_world(api)
    await api.post("/api/metadata/components/permission_set", LIMITED)
    await api.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})
    said = {"email": "ben@acme.example", "name": "Ben", "permission_sets": ["Limited"]}
    told = await api.post("/api/people", said)
    wrong: list[str] = []
    async with client_of(app) as ben:
        welcome = {"token": told["invitation"], "password": PASSWORD}
        await ben.post("/api/welcome", welcome, status=200)
        for path in (*addresses(app, deal, invoice), *ASKED):
            answer = await ben.send("GET", path)
            text = answer.text.replace(path, "").replace(SECRET, "", path.count(SECRET))
            found = [word for word in HIDDEN if word in _without_echo(text, path)]
            if found or answer.status_code >= 500:
                wrong.append(f"{path}: {answer.status_code} {found}")
        for path in NAMED:
            hidden = await ben.send("GET", path)
            unknown = await ben.send("GET", path.replace("codename", "conedame"))
            same = hidden.text.replace("codename", "conedame")
            if (hidden.status_code, _plain(same)) != (unknown.status_code, _plain(unknown.text)):
                wrong.append(f"{path}: {hidden.text[:200]} {unknown.text[:200]}")

    assert not wrong, "\n".join(wrong)


def _without_echo(text: str, path: str) -> str:
    """Give an answer without what the caller wrote themselves."""
    for word in re.findall(r"\w+", path):
        if word in HIDDEN or word.lower() in ("invoice", "invoices"):
            text = text.replace(word, "")
    return text


def _plain(text: str) -> str:
    """Give an answer without what is another one at every request."""
    return _FLEETING.sub("", text)
