"""Sample data of packages: trees, plans and CSV files, loaded with their references."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fieldstone.errors import Several
from fieldstone.integrations.salesforce.loading import Loaded, load_sample
from fieldstone.integrations.salesforce.sample_data import read_sample_data
from fieldstone.runtime.transactions import Viewer
from tests.support.imports import Desk

OBJECT = {
    "name": "House__c",
    "label": "House",
    "fields": [
        {"name": "Name", "type": "text"},
        {"name": "Price__c", "type": "currency"},
        {"name": "Sold__c", "type": "checkbox"},
        {"name": "Location__c", "type": "geolocation"},
        {"name": "Agent__c", "type": "lookup", "references": "Contact", "child_name": "Houses"},
        {"name": "Like__c", "type": "lookup", "references": "House__c", "child_name": "Others"},
    ],
}


def record(kind: str, reference: str, **values: Any) -> dict[str, Any]:
    """Give a record as trees have it."""
    return {"attributes": {"type": kind, "referenceId": reference}, **values}


TREES: dict[str, Any] = {
    "data/plan.json": [
        {"sobject": "Contact", "files": ["people.json"]},
        {"sobject": "House__c", "files": ["houses.json"]},
    ],
    "data/houses.json": {
        "records": [
            record(
                "House__c",
                "Barn",
                Name="Barn",
                Price__c=10.5,
                Location__Latitude__s=42.5,
                Location__Longitude__s=-71,
                Agent__c="@Ann",
                Like__c="@Shed",
            ),
            record("House__c", "Shed", Name="Shed", Sold__c=True, Colour__c="red"),
        ]
    },
    "data/people.json": {
        "records": [
            record(
                "Contact",
                "Ann",
                FirstName="Ann",
                LastName="Ames",
                Houses={"records": [record("House__c", "Hut", Name="Hut")]},
            )
        ]
    },
}
TABLES = {
    "Contact.csv": "Id,FirstName,LastName\n003A,Ann,Ames\n",
    "House__c.csv": "Id,Name,Price__c,Sold__c,Agent__c\n1,Barn,10.5,TRUE,003A\n2,Barn,10.5,,\n",
}


async def load(desk: Desk, files: Mapping[str, Any]) -> Loaded:
    """Load sample data as an administrator."""
    engine = desk.app.state.engine
    tenant = await engine.tenants.ensure_default()
    texts = {
        path: (said if isinstance(said, str) else json.dumps(said)).encode()
        for path, said in files.items()
    }
    async with engine.database.write(tenant, Viewer(None, "administrator")) as tx:
        return await load_sample(tx, read_sample_data(texts))


async def houses(desk: Desk) -> list[dict[str, Any]]:
    """Give the houses by their names."""
    asked = "SELECT Name, Price__c, Sold__c, Location__c, Agent__r.last_name, Like__r.Name"
    said = {"q": f"{asked} FROM House__c ORDER BY Name, id", "limit": 1_000}
    found: list[dict[str, Any]] = (await desk.api.post("/api/query", said, status=200))["records"]
    return found


async def test_trees_and_plans_are_loaded_once_with_their_references(desk: Desk) -> None:
    await desk.api.post("/api/objects", OBJECT)

    first = await load(desk, TREES)
    barn, hut, _ = await houses(desk)
    second = await load(desk, TREES)

    assert first.made == {"Contact": 1, "House__c": 3}
    assert list(first.notes) == ["House__c has no field Colour__c; its values are left out."]
    assert (barn["Price__c"], barn["Agent__r"]["last_name"], barn["Like__r"]["Name"]) == (
        10.5,
        "Ames",
        "Shed",
    )
    assert barn["Location__c"] == {"latitude": 42.5, "longitude": -71}
    assert hut["Agent__r"]["last_name"] == "Ames"
    assert (sum(second.made.values()), second.found) == (0, {"Contact": 1, "House__c": 3})
    assert len(await houses(desk)) == 3


async def test_sets_of_csv_files_refer_to_each_other_by_their_ids(desk: Desk) -> None:
    await desk.api.post("/api/objects", OBJECT)

    await load(desk, TABLES)
    again = await load(desk, TABLES)
    one, other = await houses(desk)

    assert (one["Sold__c"], one["Agent__r"]["last_name"], other["Agent__r"]) == (True, "Ames", None)
    assert (again.made["House__c"], again.found["House__c"]) == (0, 2)


async def test_what_cannot_be_loaded_is_told_with_its_file_and_nothing_is_kept(desk: Desk) -> None:
    await desk.api.post("/api/objects", OBJECT)

    with pytest.raises(Several) as caught:
        await load(desk, {**TABLES, "House__c.csv": "Id,Name,Price__c\n1,Barn,much\n"})

    assert caught.value.problems[0].at == "House__c.csv#1/Price__c"
    assert await houses(desk) == []


async def test_rows_that_are_alike_are_as_many_as_they_are(desk: Desk) -> None:
    await desk.api.post("/api/objects", OBJECT)
    rows = [f"{number},Paid,{number + 1}\n" for number in range(1, 301)]
    files = {"House__c.csv": f"Id,Name,Like__c\n{''.join(rows)}301,Last,\n"}

    first, again = await load(desk, files), await load(desk, files)

    assert (first.made, first.found) == ({"House__c": 301}, {})
    assert (sum(again.made.values()), again.found) == (0, {"House__c": 301})
    assert [one["Like__r"] is None for one in await houses(desk)] == [True, *[False] * 300]


async def test_records_that_were_there_before_stay_as_they_are(desk: Desk) -> None:
    await desk.api.post("/api/objects", OBJECT)
    shed = await desk.api.post("/api/records/House__c", {"Name": "Shed"})
    await desk.api.post("/api/records/House__c", {"Name": "Barn", "Like__c": shed["id"]})
    rows = [
        record("House__c", "1", Name="Barn", Like__c="@2"),
        record("House__c", "2", Name="New"),
        record("House__c", "3", Name="Other", Like__c="@Gone", Agent__c="@4"),
        record("Nothing__c", "4", Name="x"),
    ]

    loaded = await load(desk, {"houses.json": {"records": rows}})

    barn, _, other, _ = await houses(desk)
    assert (barn["Like__r"]["Name"], other["Agent__r"]) == ("Shed", None)
    assert "houses.json refers to Gone, which it does not have." in loaded.notes
    assert "houses.json refers to rows by Agent__c that are left out." in loaded.notes


async def test_files_may_call_their_rows_by_the_same_names(desk: Desk) -> None:
    await desk.api.post("/api/objects", OBJECT)
    files = {
        f"{place}.json": {
            "records": [
                record("House__c", "Ref1", Name=f"{place} 1", Like__c="@Ref2"),
                record("House__c", "Ref2", Name=f"{place} 2"),
            ]
        }
        for place in ("a", "b")
    }

    await load(desk, files)

    found = {one["Name"]: (one["Like__r"] or {}).get("Name") for one in await houses(desk)}
    assert found == {"a 1": "a 2", "a 2": None, "b 1": "b 2", "b 2": None}


async def test_sets_of_csv_files_fill_geolocations(desk: Desk) -> None:
    await desk.api.post("/api/objects", OBJECT)
    heads = "Name,Location__Latitude__s,Location__Longitude__s"

    await load(desk, {"House__c.csv": f"{heads}\nBarn,37.7,-122.4\n"})

    [barn] = await houses(desk)
    assert barn["Location__c"] == {"latitude": 37.7, "longitude": -122.4}
