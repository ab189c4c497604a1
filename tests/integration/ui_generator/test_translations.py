"""Translations on pages: typed beside own labels, and shown to whoever chose the language."""

from __future__ import annotations

from tests.support.app import Api
from tests.support.pages import Browser

DEAL = "/admin/translations/de/Deal"


async def test_what_is_typed_is_shown_and_never_becomes_an_own_label(
    api: Api, browser: Browser
) -> None:
    begun = await browser.http.get("/admin/translations?language=de")
    typed = {"/label": "Geschäft", "/plural_label": "Geschäfte", "/fields/stage/label": "Phase"}
    saved = await browser.send(DEAL, typed)
    await browser.send(f"{DEAL}?picklist=stage", {"/fields/stage/options/Closed Won": "Gewonnen"})
    await browser.send("/admin/translations/de/-", {"/picklists/Industry/Technology": "Technik"})
    await api.patch("/api/organization", {"language": "de"})
    made = await api.post("/deals", {"name": "Roof", "stage": "Closed Won"})
    page = await browser.open(f"/admin/Deal/{made['id']}")
    setup = await browser.open("/admin/objects/Deal")
    again = await browser.open(DEAL)
    told = await browser.open("/admin/translations/de")
    short = await browser.send(DEAL, dict.fromkeys(typed, ""))
    left = await api.get("/api/metadata/components/translation/de.Deal")

    assert begun.headers["location"] == "/admin/translations/de"
    assert saved.status_code == 303, saved.text
    assert (">Phase<" in page, ">Gewonnen<" in page) == (True, True)
    assert "<h1>Deal</h1>" in setup
    assert 'value="Phase"' in again
    assert ">Stage</th>" in again
    assert "4 of" in told
    assert short.status_code == 303
    assert set(left) == {"name", "package", "language", "object", "fields"}


async def test_translation_under_another_name_of_its_object_is_the_one_that_is_changed(
    api: Api, browser: Browser
) -> None:
    # de.Opportunity: the name of Deal in packages of elsewhere.
    said = {"name": "de.Opportunity", "language": "de", "object": "Opportunity"}
    words = {"label": "Chance", "plural_label": "Chancen"}
    await api.post("/api/metadata/components/translation", {**said, **words})

    shown = await browser.open(DEAL)
    saved = await browser.send(DEAL, {"/label": "Geschäft"})
    kept = await api.get("/api/metadata/components/translation/de.Opportunity")
    await api.refused("GET", "/api/metadata/components/translation/de.Deal", status=404)

    assert 'value="Chancen"' in shown
    assert saved.status_code == 303
    assert (kept["label"], kept["plural_label"]) == ("Geschäft", "Chancen")
