"""Random work of a tenant: records made, changed, deleted and restored, one by one and in bulk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.support.app import Api

DEALS = "/api/records/Deal"
NAMES = st.sampled_from(["Alpha", "Beta", "Gamma", "Delta"])
AMOUNTS = st.none() | st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("create"), NAMES, AMOUNTS),
    st.tuples(st.just("bulk"), st.lists(NAMES, max_size=4), st.booleans()),
    st.tuples(st.just("change"), st.integers(0, 9), AMOUNTS),
    st.tuples(st.just("stale"), st.integers(0, 9), AMOUNTS),
    st.tuples(st.just("bad"), st.integers(0, 9), st.none()),
    st.tuples(st.just("delete"), st.integers(0, 9), st.none()),
    st.tuples(st.just("restore"), st.integers(0, 9), st.none()),
    st.tuples(st.just("company"), NAMES, st.none()),
    st.tuples(st.just("attach"), st.integers(0, 9), st.none()),
    st.tuples(st.just("drop company"), st.none(), st.none()),
)
Step = tuple[str, Any, Any]


@dataclass(slots=True)
class Worker:
    """One tenant's client, and what it knows of its deals: their values by id; None if deleted.

    mark: stands in every name it writes, so that nobody else's answer may hold it.
    """

    api: Api
    mark: str
    deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    binned: set[str] = field(default_factory=set)
    company: str | None = None

    @property
    def living(self) -> dict[str, dict[str, Any]]:
        """The deals that it should see."""
        return {key: deal for key, deal in self.deals.items() if key not in self.binned}

    async def do(self, step: Step) -> None:
        """Take one step, and remember what it must lead to."""
        name, first, second = step
        known = sorted(self.deals)
        chosen = known[first % len(known)] if isinstance(first, int) and known else None
        match name:
            case "create":
                await self._create(f"{first} {self.mark}", second)
            case "bulk":
                await self._bulk(first, whole=second)
            case "company":
                sent = {"name": f"{first} {self.mark}"}
                self.company = (await self.api.post("/companies", sent))["id"]
            case "drop company" if self.company is not None:
                await self.api.delete(f"/companies/{self.company}")
                self.company = None
            case _ if chosen is not None:
                await self._touch(name, chosen, second)

    async def _create(self, name: str, amount: int | None) -> None:
        made = await self.api.post(DEALS, {"name": name, "value": amount})
        self.deals[made["id"]] = {"name": name, "value": amount}

    async def _bulk(self, names: list[str], *, whole: bool) -> None:
        """Write several, one of them wrong: with whole, nothing may come of it."""
        records: list[Any] = [{"name": f"{name} {self.mark}", "value": None} for name in names]
        sent = {"records": [*records, {"value": "wrong"}], "all_or_nothing": whole}
        answer = await self.api.send("POST", DEALS, sent)
        assert answer.status_code == (422 if whole else 200)
        if not whole:
            results = answer.json()["results"][:-1]
            self.deals |= {r["id"]: one for r, one in zip(results, records, strict=True)}

    async def _touch(self, name: str, chosen: str, amount: Any) -> None:
        path, here = f"{DEALS}/{chosen}", chosen not in self.binned
        if name == "change":
            await self.api.patch(path, {"value": amount}, status=200 if here else 404)
            self.deals[chosen]["value"] = amount if here else self.deals[chosen]["value"]
        elif name == "stale":
            sent = {"value": amount, "version": 999}
            await self.api.patch(path, sent, status=409 if here else 404)
        elif name == "bad":
            await self.api.patch(path, {"value": "wrong"}, status=422 if here else 404)
        elif name == "delete":
            await self.api.delete(path, status=200 if here else 404)
            self.binned.add(chosen)
        elif name == "restore":
            await self.api.ask("POST", f"{path}/restore", status=404 if here else 200)
            self.binned.discard(chosen)
        elif name == "attach" and self.company is not None:
            sent = {"company": self.company}
            await self.api.patch(path, sent, status=200 if here else 404)
