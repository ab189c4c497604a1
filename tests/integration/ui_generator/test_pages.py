"""Pages without scripts: plain links and forms do everything."""

from __future__ import annotations

import csv
import html
import io
import re

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.app import Api
from tests.support.pages import Browser, counted_statements

EVERY = {
    "name": "Visit",
    "plural_name": "Visits",
    "fields": [
        {"name": "name", "type": "text", "required": True},
        {"name": "due", "type": "date", "required": True},
        {"name": "hours", "type": "number", "lowest": 0},
        {"name": "status", "type": "picklist", "options": ["New", "Done"]},
        {"name": "topics", "type": "multi_select", "options": ["Price", "Terms"]},
        {"name": "paid", "type": "checkbox"},
        {"name": "company", "type": "lookup", "references": "Company"},
        {"name": "guests", "type": "many_to_many", "references": "Contact"},
        {"name": "about", "type": "polymorphic", "references": ["Company", "Deal"]},
        {"name": "place", "type": "address"},
        {"name": "photo", "type": "image"},
    ],
}
PNG = b"\x89PNG\r\n\x1a\n"


async def test_a_record_is_made_changed_deleted_and_brought_back(
    browser: Browser, api: Api
) -> None:
    made = await browser.send("/admin/Deal/new", {"name": "Acme renewal", "value": "1.200,50"})
    address = made.headers["location"]
    shown = await browser.open(address)
    changed = await browser.send(f"{address}/edit", {"name": "Acme renewal", "value": "900"})
    gone = await browser.send(f"{address}/delete", {}, form=address)
    after = await browser.open("/admin/Deal")
    restored = await browser.send(f"{address}/restore", {}, form="/admin/Deal")

    assert made.status_code == changed.status_code == gone.status_code == 303
    assert "Acme renewal" in shown
    assert "Created Acme renewal" in shown
    assert f"{address}/restore" in after
    assert restored.headers["location"] == address
    record = await api.get(address.replace("/admin/", "/api/records/"))
    assert record["value"] == 900


async def export_of(browser: Browser, api: Api, address: str, kind: str) -> httpx.Response:
    """Open a list and follow its link to a file."""
    page = await browser.open(address)
    [link] = re.findall(rf'href="(/api/query\?format={kind}[^"]+)"', page)
    answer = await api.send("GET", html.unescape(link))
    assert answer.status_code == 200, answer.text
    return answer


async def test_a_list_is_exported_as_it_is_shown(browser: Browser, api: Api) -> None:
    company = await api.post("/companies", {"name": "Acme"})
    for value in (1, 2, 3):
        deal = {"name": f"Deal {value}", "value": value, "company": company["id"]}
        await api.post("/deals", deal)

    address = "/admin/Deal?f=value:over:1&sort=-value&columns=value,company"
    answer = await export_of(browser, api, address, "csv")

    assert answer.text.splitlines() == [
        "Name,Value,Company: Name",
        "Deal 3,3,Acme",
        "Deal 2,2,Acme",
    ]
    assert 'filename="Deal.csv"' in answer.headers["content-disposition"]


async def test_every_kind_of_column_can_be_exported(browser: Browser, api: Api) -> None:
    await api.post("/api/objects", EVERY)
    company = await api.post("/companies", {"name": "Acme"})
    visit = {"name": "First", "due": "2026-03-20", "company": company["id"], "hours": 2}
    more = {"about": company["id"], "topics": ["Price", "Terms"], "place": {"city": "Rome"}}
    await api.post("/api/records/Visit__c", {**visit, **more})
    columns = "due,hours,status,topics,paid,company,guests,about,place,created_at,owner"

    answer = await export_of(browser, api, f"/admin/Visit__c?columns={columns}", "csv")
    book = await export_of(browser, api, f"/admin/Visit__c?columns={columns}", "xlsx")

    [row] = csv.DictReader(io.StringIO(answer.text))
    assert row["Due"] == "2026-03-20"
    assert (row["Topics"], row["Place: City"]) == ("Price; Terms", "Rome")
    assert (row["Company: Name"], row["About"]) == ("Acme", company["id"])
    assert book.content.startswith(b"PK")


async def test_all_problems_stand_at_their_fields_and_nothing_typed_is_lost(
    browser: Browser, api: Api
) -> None:
    await api.post("/api/objects", EVERY)

    answer = await browser.send(
        "/admin/Visit__c/new", {"hours": "-3", "status": "Nope", "due": "x"}
    )

    assert answer.status_code == 422
    for name in ("name", "due", "hours", "status"):
        assert f'id="f-{name}-error"' in answer.text
    assert 'value="-3"' in answer.text
    assert "Nothing was saved yet" in answer.text


async def test_a_record_is_chosen_by_its_name_where_scripts_are_missing(
    browser: Browser, api: Api
) -> None:
    await api.post("/api/objects", EVERY)
    company = await api.post("/api/records/Company", {"name": "Acme"})
    guests = [
        (await api.post("/api/records/Contact", {"last_name": name}))["id"]
        for name in ("Lee", "Ray")
    ]

    made = await browser.send(
        "/admin/Visit__c/new",
        {
            "name": "One",
            "due": "2026-12-01",
            "company": ["", "acme"],
            "guests": ["", guests[0], "ray"],
            "about": company["id"],
        },
    )

    address = made.headers["location"]
    record = await api.get(address.replace("/admin/", "/api/records/"))
    assert record["company"]["id"] == company["id"]
    assert {one if isinstance(one, str) else one["id"] for one in record["guests"]} == set(guests)
    page = await browser.open(address)
    assert page.count(">Acme</a>") >= 2
    assert ">Ray</a>" in page


async def test_a_name_that_several_records_have_is_asked_about(browser: Browser, api: Api) -> None:
    for _ in range(2):
        await api.post("/api/records/Company", {"name": "Twin"})

    answer = await browser.send("/admin/Deal/new", {"name": "A", "company.typed": "twin"})
    missing = await browser.send("/admin/Deal/new", {"name": "A", "company": "nobody"})

    assert "Several records are called twin." in answer.text
    assert "There is no Company called nobody." in missing.text


async def test_a_file_is_kept_even_if_the_form_is_refused(browser: Browser, api: Api) -> None:
    await api.post("/api/objects", EVERY)
    photo = ("me.png", PNG, "image/png")

    refused = await browser.send("/admin/Visit__c/new", {"name": ""}, files={"photo.upload": photo})
    kept = html.unescape(refused.text.split('name="photo" value="{', 1)[1].split('" checked')[0])
    made = await browser.send(
        "/admin/Visit__c/new", {"name": "One", "due": "2026-12-01", "photo": "{" + kept}
    )

    assert refused.status_code == 422
    record = await api.get(made.headers["location"].replace("/admin/", "/api/records/"))
    assert record["photo"]["name"] == "me.png"


async def test_who_changed_a_record_meanwhile_is_not_overwritten(
    browser: Browser, api: Api
) -> None:
    deal = await api.post("/api/records/Deal", {"name": "A", "next_step": "call"})
    form = f"/admin/Deal/{deal['id']}/edit"
    await browser.open(form)
    await api.patch(f"/api/records/Deal/{deal['id']}", {"next_step": "theirs"})

    answer = await browser.send(form, {"next_step": "mine", "_version": "1"})
    again = await browser.send(form, {"next_step": "mine"})

    assert answer.status_code == 409
    assert "theirs" in answer.text
    assert "mine" in answer.text
    assert 'name="_version" value="2"' in answer.text
    assert again.status_code == 303


async def test_a_form_of_another_site_is_refused(browser: Browser) -> None:
    await browser.open("/admin/Deal/new")

    answer = await browser.http.post("/admin/Deal/new", data={"name": "A", "_csrf": "x" * 43})

    assert answer.status_code == 403
    assert "page.forged_form" in answer.text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/admin/Nope", 404, "There is no object Nope."),
        ("/admin/Deal/deal_1", 404, "There is no Deal deal_1."),
        ("/admin/Deal?where=valu+%3E+1", 422, "Did you mean value?"),
        ("/admin/Deal?f=nope:is:1", 422, "Deal has no field nope."),
        ("/admin/Deal?after=x", 422, "cursor"),
        ("/admin/nowhere/at/all/there", 404, "There is nothing here"),
    ],
)
async def test_errors_are_pages_that_say_what_to_do(
    browser: Browser, path: str, status: int, told: str
) -> None:
    page = await browser.open(path, status)

    assert told in page
    assert "<main" in page


async def test_every_page_forbids_inline_scripts_and_styles(browser: Browser) -> None:
    answer = await browser.http.get("/admin")

    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"


async def test_pages_follow_each_other_by_a_link(browser: Browser, api: Api) -> None:
    records = [{"name": f"Deal {number:03}"} for number in range(130)]
    await api.post("/api/records/Deal", {"records": records}, status=200)

    page, seen = await browser.open("/admin/Deal?sort=name"), []
    while True:
        seen += [part.split("<", 1)[0] for part in page.split('">Deal ')[1:]]
        if 'class="fs-more"' not in page:
            break
        link = page.split('class="fs-more"', 1)[1].split('href="', 1)[1].split('"', 1)[0]
        page = await browser.open(html.unescape(link))

    assert seen == [f"{number:03}" for number in range(130)]


@pytest.mark.parametrize("size", [1, 50])
async def test_a_list_asks_the_same_of_the_database_however_long_it_is(
    app: Starlette, browser: Browser, api: Api, size: int
) -> None:
    company = await api.post("/api/records/Company", {"name": "Acme"})
    records = [{"name": f"Deal {n}", "company": company["id"]} for n in range(size)]
    await api.post("/api/records/Deal", {"records": records}, status=200)
    await browser.open("/admin/Deal")

    with counted_statements(app) as found:
        await browser.open("/admin/Deal")

    # The door, the views that the viewer keeps, and the rows with the names of their companies.
    assert len(found.asked) == 3


# The door and the record; its page tells whether it is locked as well.
@pytest.mark.parametrize(("path", "most"), [("", 3), ("/edit", 2)])
async def test_a_record_asks_little_of_the_database(
    app: Starlette, browser: Browser, api: Api, path: str, most: int
) -> None:
    company = await api.post("/api/records/Company", {"name": "Acme"})
    deal = await api.post("/api/records/Deal", {"name": "A", "company": company["id"]})
    await browser.open(f"/admin/Deal/{deal['id']}{path}")

    with counted_statements(app) as found:
        await browser.open(f"/admin/Deal/{deal['id']}{path}")

    assert len(found.asked) == most


async def test_a_lookup_offers_names_that_begin_with_the_text_first(
    browser: Browser, api: Api
) -> None:
    for name in ("Great Acme", "Acme", "Other"):
        await api.post("/api/records/Company", {"name": name})

    part = await browser.open("/admin/_lookup?object=Deal&field=company&q=acm")

    assert part.index(">Acme<") < part.index(">Great Acme<")
    assert "Other" not in part


async def test_an_object_is_made_of_lines_and_gets_a_list(browser: Browser, api: Api) -> None:
    made = await browser.send(
        "/admin/objects/new", {"label": "Site visit", "fields": "Due date\nStatus: New, Done"}
    )
    page = await browser.open(made.headers["location"])
    added = await browser.send("/admin/objects/SiteVisit__c", {"field": "Budget"})

    assert made.headers["location"] == "/admin/SiteVisit__c"
    assert "No Site visits yet" in page
    assert added.status_code == 303
    shown = await api.get("/api/objects/SiteVisit__c")
    types = {f["name"]: f["type"] for f in shown["fields"] if not f["system"]}
    assert types == {"name": "text", "due_date": "date", "status": "picklist", "budget": "currency"}


async def test_what_is_wrong_with_an_object_is_told_and_nothing_is_made(browser: Browser) -> None:
    answer = await browser.send(
        "/admin/objects/new", {"label": "Deal", "fields": "Weight (kilos)\n"}
    )

    assert answer.status_code == 422
    assert "There is no field type kilos." in answer.text


async def test_the_other_tenant_sees_none_of_it(browser: Browser, api: Api) -> None:
    deal = await api.post("/api/records/Deal", {"name": "Only ours"})
    browser.http.headers["X-Tenant"] = "other"

    found = await browser.open("/admin/Deal")
    missing = await browser.open(f"/admin/Deal/{deal['id']}", 404)
    lookup = await browser.open("/admin/_lookup?object=Quote&field=deal&q=Only")

    assert "Only ours" not in found + missing + lookup


async def test_history_tells_who_changed_what(browser: Browser, api: Api) -> None:
    company = await api.post("/api/records/Company", {"name": "Acme"})
    deal = await api.post("/api/records/Deal", {"name": "A", "next_step": "call"})
    await api.patch(
        f"/api/records/Deal/{deal['id']}", {"next_step": "mail", "company": company["id"]}
    )

    page = await browser.open(f"/admin/Deal/{deal['id']}/history")

    assert "<del>call</del><ins>mail</ins>" in page
    assert ">Acme</a></ins>" in page
    assert "created this" in page


async def test_related_lists_show_what_points_to_a_record(browser: Browser, api: Api) -> None:
    company = await api.post("/api/records/Company", {"name": "Acme"})
    for number in range(7):
        await api.post("/api/records/Deal", {"name": f"D{number}", "company": company["id"]})

    page = await browser.open(f"/admin/Company/{company['id']}/related")
    listed = await browser.open(f"/admin/Deal?f=company:is:{company['id']}")

    assert page.count("<strong>D") == 5
    assert f"/admin/Deal?f=company:is:{company['id']}" in page
    assert "Company is Acme" in listed


async def test_a_theme_is_remembered(browser: Browser) -> None:
    await browser.send("/admin/_theme", {"theme": "dark", "back": "/admin/Deal"}, form="/admin")

    page = await browser.open("/admin")

    assert 'data-bs-theme="dark"' in page
