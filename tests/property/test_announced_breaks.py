"""What a plan announces of records is what happens to them, and nothing else does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.app import Api

TEXTS = st.none() | st.sampled_from(
    ["12", "12.345", "1,200", "about ten", "yes", "2026-01-31", "Red", "red", "one of many words"]
)
TYPES: list[dict[str, Any]] = [
    {"type": "number", "places": 1},
    {"type": "percent"},
    {"type": "date"},
    {"type": "checkbox"},
    {"type": "long_text"},
    {"type": "email"},
    {"type": "picklist", "options": ["Red", "12"]},
    {"type": "text", "length": 4},
]
MORE = st.fixed_dictionaries({}, optional={"required": st.just(True), "unique": st.just(True)})


async def _rows(api: Api, probe: str) -> dict[str, Any]:
    """Give the values of all records of an object by their ids."""
    rows = (await api.post("/api/query", {"q": f"SELECT id, own FROM {probe}"}, status=200))[
        "records"
    ]
    return {row["id"]: row["own"] for row in rows}


async def _agrees(api: Api, number: int, values: list[Any], body: dict[str, Any]) -> None:
    """Force a change upon records, and compare what happens with what was announced."""
    fields = [{"name": "name", "type": "text"}, {"name": "own", "type": "text"}]
    await api.post("/api/objects", {"name": f"Probe{number}", "fields": fields})
    probe = f"Probe{number}__c"
    made = [{"name": str(n), **({"own": v} if v else {})} for n, v in enumerate(values)]
    if made:
        await api.post(f"/api/records/{probe}", made, status=200)
    before = await _rows(api, probe)
    said = {"components": [{"kind": "field", "name": f"{probe}.own", **body}]}
    plan = await api.post("/api/metadata/plan", said, status=200)
    agreed = {**said, "digest": plan["digest"], "confirm": plan["confirm"]}

    sent = await api.send("POST", "/api/metadata/apply", agreed)

    announced: Counter[str] = Counter()
    for one in plan["impact"]:
        announced[one["severity"]] += one["records"]
    after = await _rows(api, probe)
    assert (sent.status_code == 422) == (announced["refused"] > 0)
    if sent.status_code == 422:
        assert after == before
        return
    told = {one["value"]: one for c in plan["conversions"] for one in c["values"]}
    became = {key: told[v]["becomes"] if v in told else v for key, v in before.items()}
    assert after == became
    assert announced["loss"] == sum(one["records"] for one in told.values() if not one["whole"])
    broken = 0
    for key, value in after.items():
        answer = await api.send("PATCH", f"/api/records/{probe}/{key}", {"own": value})
        broken += answer.status_code != 200
    assert broken == announced["break"]


@pytest.mark.slow
async def test_every_break_that_is_announced_breaks_and_nothing_else_does(api: Api) -> None:
    cases: list[tuple[list[Any], dict[str, Any]]] = []

    # Only the cases are drawn: each of them needs a database, which lives in the loop of the test.
    @settings(max_examples=16, deadline=None, database=None)
    @given(st.lists(TEXTS, max_size=5), st.sampled_from(TYPES), MORE)
    def draw(values: list[Any], body: dict[str, Any], more: dict[str, Any]) -> None:
        cases.append((values, {**body, **more}))

    draw()
    for number, (values, body) in enumerate(cases):
        await _agrees(api, number, values, body)
