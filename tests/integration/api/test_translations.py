"""Translations: labels in the language of whoever looks; names and values stay as they are."""

from __future__ import annotations

from typing import Any

from tests.integration.api.test_permissions import Team, team
from tests.support.app import Api

__all__ = ["team"]

KINDS = "/api/metadata/components"
GERMAN: dict[str, Any] = {
    "name": "de.Deal",
    "language": "de",
    "object": "Deal",
    "label": "Geschäft",
    "plural_label": "Geschäfte",
    "fields": {
        "stage": {"label": "Phase", "options": {"Closed Won": "Gewonnen"}},
        "company": {"child_label": "Geschäfte der Firma"},
    },
    "rules": {"Has_Value": "Sag, was es wert ist."},
}
RULE: dict[str, Any] = {
    "name": "Deal.Has_Value",
    "object": "Deal",
    "condition": "ISBLANK(value)",
    "message": "Say what it is worth.",
}


async def test_everybody_sees_labels_in_their_language(team: Team, other: Api) -> None:
    await team.admin.post(f"{KINDS}/validation_rule", RULE)
    await team.admin.post(f"{KINDS}/translation", GERMAN)
    await team.ben.ask("PATCH", "/api/account", {"language": "de_AT"}, status=204)
    [wrong] = await team.ben.refused("PATCH", "/api/account", {"language": "Deutsch"}, status=422)
    made = await team.ben.post("/deals", {"name": "A", "value": 5, "stage": "gewonnen"})
    [refused] = await team.ben.refused("POST", "/deals", {"name": "B"}, status=422)
    question = {"q": "SELECT stage, toLabel(stage) shown FROM Deal"}
    [german] = (await team.ben.post("/api/query", question, status=200))["records"]
    [english] = (await team.admin.post("/api/query", question, status=200))["records"]
    told = await team.ben.get("/api/objects/Deal")
    plain = await team.admin.get("/api/objects/Deal")
    asked = "/api/export?object=Deal&fields=name,stage&format=csv&headers=labels"
    csv = await team.ben.send("GET", asked)
    unlike = await other.get("/api/objects/Deal")

    assert wrong["code"] == "access.bad_language"
    assert refused["message"] == "Sag, was es wert ist."
    assert (german["stage"], german["shown"]) == ("Closed Won", "Gewonnen")
    assert (english["stage"], english["shown"]) == ("Closed Won", "Closed Won")
    assert (told["label"], told["plural_name"], told["slug"]) == ("Geschäft", "Geschäfte", "deals")
    assert {f["name"]: f["label"] for f in told["fields"]}["stage"] == "Phase"
    assert (plain["label"], unlike["label"]) == ("Deal", "Deal")
    assert csv.text.splitlines()[0] == "Id,Name,Phase"
    assert made["id"]


async def test_organization_has_a_language_for_who_chose_none(team: Team) -> None:
    await team.admin.post(f"{KINDS}/translation", {**GERMAN, "rules": {}})
    await team.admin.patch("/api/organization", {"language": "de"})
    german = await team.ben.get("/api/objects/Deal")
    await team.ben.ask("PATCH", "/api/account", {"language": "en"}, status=204)
    english = await team.ben.get("/api/objects/Deal")
    page = (await team.ben.send("GET", "/api/account")).json()

    assert german["label"] == "Geschäft"
    assert english["label"] == "Deal"
    assert page["language"] == "en"
