"""Set-up pages that make and change formulas, roll-ups, defaults and rules, without scripts."""

from __future__ import annotations

import re

import pytest

from tests.support.app import Api
from tests.support.pages import TOKEN, Browser

JOB = {
    "name": "Job",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "rate", "type": "currency"},
        {"name": "hours", "type": "number", "places": 2},
        {"name": "due", "type": "date"},
        {"name": "company", "type": "lookup", "references": "Company"},
    ],
}
SET_UP = "/admin/objects/Job__c"


@pytest.fixture
async def jobs(browser: Browser, api: Api) -> Browser:
    """A browser on an application with an object and one record of it."""
    await api.post("/api/objects", JOB)
    await api.post("/api/records/Job", {"name": "Roof", "rate": 50, "hours": 3})
    return browser


async def check(browser: Browser, path: str, values: dict[str, str]) -> str:
    """Give what a form is told about what was typed so far."""
    token = TOKEN.search(await browser.open(path))
    assert token is not None
    answer = await browser.http.post(f"{path}/check", data={"_csrf": token[1], **values})
    assert answer.status_code == 200, answer.text
    return answer.text


async def field(api: Api, name: str) -> dict[str, object]:
    """Give the definition of a field."""
    shown = await api.get("/api/objects/Job")
    found: dict[str, object] = next(one for one in shown["fields"] if one["name"] == name)
    return found


async def test_a_formula_field_is_made_and_changed(jobs: Browser, api: Api) -> None:
    made = await jobs.send(
        f"{SET_UP}/formula/new", {"label": "Total due", "formula": "rate * hours"}
    )
    page = await jobs.open(f"{SET_UP}/field/total_due")
    changed = await jobs.send(
        f"{SET_UP}/field/total_due",
        {"label": "Total", "type": "currency", "formula": "rate * hours * 2", "places": "3"},
    )

    assert made.status_code == changed.status_code == 303
    assert "rate * hours</textarea>" in page
    total = await field(api, "total_due")
    assert (total["type"], total["label"], total["places"]) == ("currency", "Total", 3)
    (job,) = (await api.get("/jobs"))["data"]
    assert job["total_due"] == 300


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("rate * hours", "currency"),
        ("name & '!'", "text"),
        ("due + 1", "date"),
        ("hours > 1", "checkbox"),
        ("NOW()", "datetime"),
    ],
)
async def test_the_type_is_told_from_the_formula(
    jobs: Browser, api: Api, formula: str, kind: str
) -> None:
    await jobs.send(f"{SET_UP}/formula/new", {"label": "More", "formula": formula})

    assert (await field(api, "more"))["type"] == kind


async def test_a_mistake_is_marked_with_the_nearest_name(jobs: Browser) -> None:
    typed = {"label": "Total", "formula": "rate *\n  ours + 1"}

    told = await check(jobs, f"{SET_UP}/formula/new", typed)
    saved = await jobs.send(f"{SET_UP}/formula/new", typed)

    for text in (told, saved.text):
        assert "Job has no field ours. Did you mean hours?" in text
        assert "<code>  <mark>ours</mark> + 1</code>" in text
        assert 'data-start="9" data-end="13"' in text
    assert saved.status_code == 422
    assert "rate *\n  ours + 1</textarea>" in saved.text


async def test_what_a_formula_gives_is_told_while_it_is_typed(jobs: Browser) -> None:
    path = f"{SET_UP}/formula/new"

    amount = await check(jobs, path, {"formula": "rate * hours"})
    failing = await check(jobs, path, {"label": "A", "formula": "rate / (hours - 3)"})
    nothing = await check(jobs, path, {"label": "A", "formula": ""})
    circle = await check(jobs, path, {"label": "A", "formula": "a + 1"})

    assert "gives a currency" in amount
    assert re.search(r"For Roof: <code class=\"fs-code\">150</code>", amount)
    assert "nothing: A number was divided by zero." in failing
    assert "fs-problem" not in nothing
    assert "A uses itself" in circle


async def test_a_roll_up_is_made(jobs: Browser, api: Api) -> None:
    path = "/admin/objects/Company/roll_up/new"
    typed = {"label": "Work", "children": "Job__c.company", "function": "sum", "summed": "rate"}

    told = await check(jobs, path, {**typed, "where": "hors > 1"})
    await jobs.send(path, {**typed, "where": "hours > 1"})
    page = await jobs.open("/admin/objects/Company/field/work")

    assert "<mark>hors</mark>" in told
    shown = await api.get("/api/objects/Company")
    work = next(one for one in shown["fields"] if one["name"] == "work")
    assert work["type"] == "currency"
    assert work["roll_up"]["where"] == "hours > 1"
    assert '<option value="rate" selected>' in page


async def test_defaults_and_conditions_are_set_and_taken_away(jobs: Browser, api: Api) -> None:
    path = f"{SET_UP}/field/due"
    typed = {"label": "Due", "default_formula": "TODAY() + 14", "required_if": "hours > 5"}

    await jobs.send(path, typed)
    set_up = await field(api, "due")
    told = await check(jobs, path, {"label": "Due", "visible_if": "name"})
    await jobs.send(path, {"label": "Due", "default_formula": "", "required_if": ""})

    assert (set_up["default_formula"], set_up["required_if"]) == ("TODAY() + 14", "hours > 5")
    assert "The condition gives a text, not true or false." in told
    assert "default_formula" not in await field(api, "due")


async def test_a_form_opened_before_another_change_does_not_undo_it(
    jobs: Browser, api: Api
) -> None:
    kind = {"object": "Job__c", "type": "picklist", "options": ["A", "B"]}
    await api.post("/api/metadata/components/field", {"name": "Job__c.kind", **kind})
    path = f"{SET_UP}/field/kind"
    [seen] = re.findall(r'name="seen" value="([^"]+)"', await jobs.open(path))
    await jobs.send(path, {"label": "Kind", "options": "A\nB\nC", "seen": seen})

    stale = await jobs.send(
        path, {"label": "Kind", "options": "A\nB", "help": "Which", "seen": seen}
    )

    assert stale.status_code == 422
    assert "Somebody else changed this field." in stale.text
    assert seen not in stale.text
    assert "active" not in str((await field(api, "kind"))["options"])


async def test_a_rule_is_made_rests_and_is_listed(jobs: Browser, api: Api) -> None:
    typed = {
        "name": "Not too cheap",
        "field": "rate",
        "condition": "rate < 10",
        "message": "A rate is 10 at least.",
        "active": "yes",
    }
    await jobs.send(f"{SET_UP}/rule/new", typed)
    refused = await api.post("/jobs", {"rate": 5}, status=422)
    listed = await jobs.open(SET_UP)

    del typed["active"]
    await jobs.send(f"{SET_UP}/rule/not_too_cheap", typed)
    await api.post("/jobs", {"rate": 5})

    assert refused["errors"][0]["message"] == "A rate is 10 at least."
    assert "not_too_cheap" in listed
    assert "rests" in await jobs.open(SET_UP)


async def test_forms_of_another_tenant_and_unknown_ones_are_not_there(jobs: Browser) -> None:
    await jobs.open(f"{SET_UP}/field/nothing", 404)
    await jobs.open(f"{SET_UP}/else/new", 404)
    await jobs.open(f"{SET_UP}/field/new", 404)
    jobs.http.headers["X-Tenant"] = "other"

    await jobs.open(f"{SET_UP}/field/due", 404)
    await jobs.open(f"{SET_UP}/formula/new", 404)


async def test_what_can_be_inserted_is_listed(jobs: Browser) -> None:
    page = await jobs.open(f"{SET_UP}/formula/new")

    for text in ("company.name", "$User.name", "ADDMONTHS(", "rate"):
        assert f'data-insert="{text}"' in page
