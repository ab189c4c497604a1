"""The chain of seals over the logs: what was tampered with is found, and where it is first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from starlette.applications import Starlette

from fieldstone.platform.database import indexer, login, migrate
from fieldstone.platform.worker import Worker
from fieldstone.runtime.audit.sealing import LogSealer
from fieldstone.runtime.audit.seals import NOTHING, Seal, SealKey
from fieldstone.runtime.audit.verifying import VERIFY, run_verification
from fieldstone.runtime.audit.witness import Witness
from fieldstone.runtime.tenants import PLATFORM
from tests.support.app import Api, owner_connection

TAMPER = "SET session_replication_role = replica"
KEY = SealKey("tests")


@dataclass(frozen=True)
class Chain:
    """A tenant whose logs are sealed when a test says so."""

    api: Api
    engine: Any
    dsn: str
    witness: Witness

    def sealer(self) -> LogSealer:
        """Give one that has not noted anything yet."""
        return LogSealer(self.engine.pool, self.engine.database, KEY, self.witness)

    async def seal(self) -> None:
        """Seal all that was committed."""
        sealer = self.sealer()
        for _ in range(50):
            if await sealer.seal_settled():
                return
            await asyncio.sleep(0.1)
        raise AssertionError("nothing was settled")

    async def verify(self, heads: dict[str, str] | None = None) -> Any:
        """Give what the job says that verifies."""
        job = await self.api.ask("POST", "/api/audit/verify", {"heads": heads or {}}, status=202)
        work = partial(run_verification, key=KEY, witness=self.witness)
        tenant = await self.engine.directory.get("default")
        await Worker(self.engine, {VERIFY: work}).run_job(tenant.id, int(job["id"]))
        return (await self.api.get(f"/api/jobs/{job['id']}"))["result"]

    async def seals(self) -> list[Seal]:
        """Give the seals as they are kept."""
        tenant = await self.engine.directory.get("default")
        async with owner_connection(self.dsn) as connection:
            rows = await connection.fetch(
                "SELECT * FROM audit_seal WHERE tenant_id = $1 ORDER BY number", tenant.id
            )
        return [Seal.from_row(row) for row in rows]

    async def sign_by_another_key(self) -> None:
        """Make the chain anew as an installation with another secret key would have made it."""
        key, previous = SealKey("before"), NOTHING
        tenant = await self.engine.directory.get("default")
        for seal in await self.seals():
            made = replace(seal, key_id=key.id)
            previous = made.hash_behind(tenant.id, previous)
            await self.tamper(
                f"UPDATE audit_seal SET key_id = '{key.id}', hash = '\\x{previous.hex()}',"
                f" signature = '\\x{key.sign(previous).hex()}'"
                f" WHERE tenant_id = {tenant.id} AND number = {seal.number}"
            )

    async def tamper(self, statement: str) -> None:
        """Do something to the database behind everybody's back, triggers and all."""
        async with owner_connection(self.dsn) as connection:
            await connection.execute(TAMPER)
            await connection.execute(statement)


@pytest.fixture
async def chain(app: Starlette, api: Api, app_dsn: str, tmp_path: Path) -> Chain:
    """The tenant default with a company that was changed, and all of it sealed."""
    found = Chain(api, app.state.engine, app_dsn, Witness(tmp_path / "audit"))
    made = await api.post("/companies", {"name": "Acme"})
    await api.patch(f"/companies/{made['id']}", {"name": "Acme Ltd"})
    await found.seal()
    return found


async def last_entry(chain: Chain) -> Any:
    """Give the newest entry on a company."""
    return (await chain.api.get("/api/audit?object=Company"))["entries"][0]


def number_of(entry: Any) -> int:
    """Give the place of an entry."""
    return int(entry["id"].partition("_")[2], 16)


async def test_untouched_logs_are_whole(chain: Chain) -> None:
    result = await chain.verify()

    assert result["whole"]
    assert result["broken"] is None
    assert result["entries"] >= 2
    assert result["seals"] == result["witnessed"] >= 1
    assert (await last_entry(chain))["sealed"]


async def test_what_comes_later_is_sealed_behind_it(chain: Chain) -> None:
    before = (await chain.verify())["head"]
    await chain.api.post("/companies", {"name": "Later"})
    assert not (await last_entry(chain))["sealed"]

    await chain.seal()
    after = await chain.verify({str(before["number"]): before["hash"]})

    assert after["whole"]
    assert after["head"]["number"] > before["number"]
    assert (await last_entry(chain))["sealed"]


async def test_changed_value_is_found(chain: Chain) -> None:
    entry = await last_entry(chain)
    where = f"WHERE seq = {number_of(entry)}"
    await chain.tamper(f"""UPDATE change SET after = after || '{{"x": 1}}' {where}""")

    result = await chain.verify()

    assert not result["whole"]
    assert result["broken"]["entry"] == entry["id"]
    assert result["broken"]["words"] == "This entry of change was changed."


@pytest.mark.parametrize("column", ["actor_id = 7", "at = at - interval '1 day'", "version = 9"])
async def test_changed_author_or_time_is_found(chain: Chain, column: str) -> None:
    entry = await last_entry(chain)
    await chain.tamper(f"UPDATE change SET {column} WHERE seq = {number_of(entry)}")

    assert (await chain.verify())["broken"]["entry"] == entry["id"]


async def test_missing_entry_is_found(chain: Chain) -> None:
    entry = await last_entry(chain)
    await chain.tamper(f"DELETE FROM change WHERE seq = {number_of(entry)}")

    broken = (await chain.verify())["broken"]

    assert broken["entry"] == entry["id"]
    assert broken["words"] == "This entry is gone."


async def test_entry_that_was_put_in_is_found(chain: Chain) -> None:
    async with owner_connection(chain.dsn) as connection:
        place = await connection.fetchval("SELECT nextval('change_seq')")
    await chain.api.post("/companies", {"name": "BigCo"})
    entry = await last_entry(chain)
    await chain.seal()
    await chain.tamper(
        "INSERT INTO change (tenant_id, seq, at, object_id, record_id, version, operation)"
        f" SELECT tenant_id, {place}, at, object_id, record_id, 77, 'update' FROM change"
        f" WHERE seq = {number_of(entry)}"
    )

    assert "put in afterwards" in (await chain.verify())["broken"]["words"]


async def test_chain_that_lost_its_end_is_found(chain: Chain) -> None:
    await chain.api.post("/companies", {"name": "Never was"})
    entry = await last_entry(chain)
    await chain.seal()
    head = (await chain.verify())["head"]
    await chain.tamper(
        f"DELETE FROM change WHERE seq = {number_of(entry)};"
        f"DELETE FROM audit_seal WHERE number = {head['number']}"
    )

    by_witness = await chain.verify()
    tenant = await chain.engine.directory.get("default")
    await chain.witness.forget(tenant.id)
    by_head = await chain.verify({str(head["number"]): head["hash"]})

    for result in (by_witness, by_head):
        assert not result["whole"]
        assert result["broken"]["seal"] == head["number"]


async def test_nothing_is_sealed_behind_a_chain_that_lost_its_end(chain: Chain) -> None:
    head = (await chain.verify())["head"]
    await chain.api.post("/companies", {"name": "Never was"})
    await chain.seal()
    await chain.tamper(f"DELETE FROM audit_seal WHERE number > {head['number']}")
    await chain.api.post("/companies", {"name": "Later"})

    await chain.seal()
    result = await chain.verify()

    assert not (await last_entry(chain))["sealed"]
    assert result["broken"]["seal"] == head["number"] + 1
    assert result["seals"] == head["number"]


async def test_second_hash_of_a_seal_is_found(chain: Chain) -> None:
    head = (await chain.verify())["head"]
    tenant = await chain.engine.directory.get("default")
    file = chain.witness.directory / f"{tenant.id}.ndjson"
    other = f'{{"number": {head["number"]}, "hash": "{"0" * 64}"}}'
    file.write_text(f"{other}\n{file.read_text()}")

    result = await chain.verify()

    assert result["broken"]["seal"] == head["number"]
    assert "written outside" in result["broken"]["words"]


async def test_chain_made_anew_without_the_key_is_found(chain: Chain) -> None:
    await chain.tamper("UPDATE audit_seal SET signature = decode(repeat('00', 64), 'hex')")

    assert "not signed" in (await chain.verify())["broken"]["words"]


async def test_seal_of_an_unknown_key_has_to_be_known_elsewhere(chain: Chain) -> None:
    head = (await chain.verify())["head"]
    await chain.sign_by_another_key()
    tenant = await chain.engine.directory.get("default")
    head = {**head, "hash": (await chain.api.get("/api/audit/seals"))["seals"][0]["hash"]}
    await chain.witness.forget(tenant.id)
    for seal in await chain.seals():
        await chain.witness.note(tenant.id, seal)

    witnessed = await chain.verify()
    await chain.witness.forget(tenant.id)
    given = await chain.verify({str(head["number"]): head["hash"]})
    alone = await chain.verify()

    assert witnessed["whole"]
    assert witnessed["signed_by_another_key"] == witnessed["seals"]
    assert given["whole"]
    assert alone["broken"]["seal"] == 1
    assert "key is unknown" in alone["broken"]["words"]


async def test_other_key_cannot_be_named_for_a_seal(chain: Chain) -> None:
    await chain.tamper("UPDATE audit_seal SET key_id = 'x'")

    assert (await chain.verify())["broken"]["seal"] == 1


async def test_chain_goes_on_from_seals_without_their_key(chain: Chain) -> None:
    tenant = await chain.engine.directory.get("default")
    [seal] = await chain.seals()
    early = replace(seal, hash=seal.hash_behind(tenant.id, NOTHING, 1))
    late = replace(seal, number=2, hash=seal.hash)

    assert early.format_behind(tenant.id, NOTHING) == 1
    assert seal.format_behind(tenant.id, NOTHING) == 2
    assert late.format_behind(tenant.id, seal.hash) == 0


async def test_entry_that_was_rewritten_is_named(chain: Chain) -> None:
    entry = await last_entry(chain)
    async with owner_connection(chain.dsn) as connection:
        await connection.execute("ALTER TABLE change DISABLE TRIGGER change_kept")
        await connection.execute(
            """UPDATE change SET after = '{"x": 1}' WHERE seq = $1""", number_of(entry)
        )
        await connection.execute("ALTER TABLE change ENABLE TRIGGER change_kept")
    # Whoever owns the database is no tenant: what it did is sealed with the tenant's next deed.
    await chain.api.post("/companies", {"name": "Next"})
    await chain.seal()

    result = await chain.verify()
    [noted] = (await chain.api.get("/api/audit/redactions?how=rewritten"))["redactions"]

    assert result["redactions"] == {"rewritten": 1}
    assert result["rewritten"] == [noted]
    assert noted["entry"] == entry["id"]
    assert noted["log"] == "change"


async def test_tenant_that_cannot_be_sealed_holds_up_no_other(chain: Chain, other: Api) -> None:
    tenant = await chain.engine.directory.get("default")
    await chain.witness.forget(tenant.id)
    (chain.witness.directory / f"{tenant.id}.ndjson").mkdir()
    await chain.api.post("/companies", {"name": "Mine"})
    await other.post("/companies", {"name": "Theirs"})

    await chain.seal()

    [entry] = (await other.get("/api/audit?object=Company"))["entries"]
    assert entry["sealed"]
    assert not (await last_entry(chain))["sealed"]


async def test_purged_record_leaves_the_chain_whole(chain: Chain) -> None:
    company = (await chain.api.get("/companies"))["data"][0]["id"]
    await chain.api.delete(f"/companies/{company}")
    await chain.seal()
    async with chain.engine.pool.acquire() as connection, connection.transaction():
        tenant = await chain.engine.directory.get("default")
        await connection.execute("SELECT open_tenant($1, 0)", tenant.id)
        erased = await connection.fetch(
            "UPDATE change SET before = NULL, after = NULL WHERE before IS NOT NULL OR after"
            " IS NOT NULL RETURNING seq"
        )

    unsealed = await chain.verify()
    await chain.seal()
    result = await chain.verify()

    assert unsealed["whole"]
    assert result["whole"]
    assert result["redactions"]["erased"] == len(erased) > 0
    assert result["erased"] == len(erased)


async def test_forgotten_entries_leave_the_chain_whole(chain: Chain) -> None:
    await chain.api.post("/api/teams", {"name": "Partners"})
    await chain.seal()
    async with chain.engine.pool.acquire() as connection, connection.transaction():
        tenant = await chain.engine.directory.get("default")
        await connection.execute("SELECT open_tenant($1, 0)", tenant.id)
        await connection.execute("DELETE FROM access_event")

    result = await chain.verify()

    assert result["whole"]
    assert result["removed"] >= 1


async def test_what_was_taken_away_before_it_was_sealed_is_told(chain: Chain) -> None:
    await chain.api.post("/companies", {"name": "Secret"})
    waiting = await chain.verify()
    async with chain.engine.pool.acquire() as connection, connection.transaction():
        tenant = await chain.engine.directory.get("default")
        await connection.execute("SELECT open_tenant($1, 0)", tenant.id)
        gone = await connection.fetch(
            "DELETE FROM change WHERE seq > $1 RETURNING seq",
            number_of(await last_entry(chain)) - 1,
        )
    await chain.seal()

    result = await chain.verify()

    assert waiting["unsealed"] >= 1
    assert waiting["removed_unsealed"] == 0
    assert result["removed_unsealed"] == len(gone) >= 1
    assert result["unsealed"] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_seal SET hash = hash",
        "DELETE FROM audit_seal",
        "DELETE FROM audit_redaction",
        "INSERT INTO audit_redaction (tenant_id, log, how) VALUES (1, 'change', 'removed')",
        "DELETE FROM audit_pending",
        "UPDATE change SET actor_id = 7",
        "UPDATE change SET at = now()",
        "UPDATE component_change SET name = 'x'",
        "UPDATE access_event SET what = 'x'",
        "UPDATE access_event SET address = '10.0.0.1'",
        """UPDATE access_event SET cause = '{"token": 1}'""",
        """UPDATE change SET after = '{"name": "Acme Inc"}'""",
        """UPDATE change SET after = '{"name": "Emca [erased]"}' WHERE version = 2""",
        """UPDATE component_change SET after = '{"x": 1}'""",
        "DELETE FROM change_default",
        "TRUNCATE change",
    ],
)
async def test_requests_cannot_rewrite_the_logs(chain: Chain, statement: str) -> None:
    await chain.api.post("/api/teams", {"name": "Partners"})
    async with chain.engine.pool.acquire() as connection, connection.transaction():
        tenant = await chain.engine.directory.get("default")
        await connection.execute("SELECT open_tenant($1, 0)", tenant.id)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_who_commits_late_is_waited_for(chain: Chain) -> None:
    tenant = await chain.engine.directory.get("default")
    sealer = chain.sealer()
    async with chain.engine.pool.acquire() as connection:
        late = connection.transaction()
        await late.start()
        await connection.execute("SELECT open_tenant($1, 1)", tenant.id)
        await connection.execute(
            "INSERT INTO access_event (tenant_id, id, what) VALUES ($1, 1, 'signed_in')", tenant.id
        )
        await chain.api.post("/companies", {"name": "Early"})
        early = [await sealer.seal_settled() for _ in range(2)]
        await late.commit()
    await chain.seal()

    assert early == [0, 0]
    assert (await chain.verify())["whole"]
    assert all(one["sealed"] for one in (await chain.api.get("/api/audit"))["entries"])


async def test_other_tenant_has_a_chain_of_its_own(chain: Chain, other: Api) -> None:
    mine = (await chain.api.get("/api/audit/seals"))["seals"]
    theirs = (await other.get("/api/audit/seals"))["seals"]

    assert mine
    assert {one["hash"] for one in mine}.isdisjoint(one["hash"] for one in theirs)


async def test_only_heads_are_taken_as_heads(chain: Chain) -> None:
    for heads in ({"x": "00"}, {"1": "00"}, [1]):
        [problem] = await chain.api.refused(
            "POST", "/api/audit/verify", {"heads": heads}, status=422
        )
        assert problem["code"] == "audit.bad_head"


async def test_what_operators_did_is_sealed_and_told(chain: Chain) -> None:
    await chain.api.post("/api/platform/tenants/other/suspend", {"reason": "Unpaid."}, status=200)
    await chain.api.send("GET", "/api/platform/tenants/other/archive")
    await chain.api.ask("PUT", "/api/platform/plans/small", {"limits": {"users": 2}})
    await chain.api.delete("/api/platform/plans/small", status=204)
    made = await chain.api.post("/api/platform/tokens", {"name": "billing"})
    await chain.api.delete(f"/api/platform/tokens/{made['id']}", status=204)
    await chain.seal()
    job = await chain.api.ask("POST", "/api/platform/audit/verify", {}, status=202)
    work = partial(run_verification, key=KEY, witness=chain.witness)
    await Worker(chain.engine, {VERIFY: work}).run_job(PLATFORM.id, int(job["id"]))

    found = (await chain.api.get("/api/platform/audit"))["entries"]
    result = (await chain.api.get(job["url"]))["result"]
    of_other = (await chain.api.get("/api/platform/audit?tenant=other&what=suspend"))["entries"]
    [seal, *_] = (await chain.api.get("/api/platform/audit/seals"))["seals"]
    await chain.tamper("UPDATE tenant_event SET by_whom = 'nobody' WHERE what = 'suspend'")
    again = await chain.api.ask("POST", "/api/platform/audit/verify", {}, status=202)
    await Worker(chain.engine, {VERIFY: work}).run_job(PLATFORM.id, int(again["id"]))

    said = ["token_revoked", "token_made", "plan_removed", "plan_set", "export", "suspend"]
    assert [one["what"] for one in found][:6] == said
    assert all(one["sealed"] for one in found)
    assert (result["whole"], result["unsealed"], result["witnessed"] > 0) == (True, 0, True)
    assert [one["details"] for one in of_other] == [{"reason": "Unpaid."}]
    assert seal["number"] == result["head"]["number"]
    broken = (await chain.api.get(again["url"]))["result"]["broken"]
    assert broken["entry"] == of_other[0]["id"]
    assert (await chain.api.get("/api/audit"))["entries"] != found


async def test_page_tells_what_was_done_and_what_verifying_found(chain: Chain) -> None:
    before = (await chain.api.send("GET", "/admin/audit")).text
    await chain.verify()
    after = (await chain.api.send("GET", "/admin/audit?kind=record&object=Company")).text
    wrong = await chain.api.send("GET", "/admin/audit?from=yesterday")

    assert "Verifying tells whether any was changed" in before
    assert "nothing was changed or taken away" in after
    assert "Acme → Acme Ltd" in after
    assert wrong.status_code == 422
    assert "is no time" in wrong.text


async def test_processes_that_migrate_or_build_indexes_hold_up_no_sealing(chain: Chain) -> None:
    await chain.api.post("/companies", {"name": "Meanwhile"})
    async with owner_connection(chain.dsn) as connection:
        for key in (migrate._LOCK_KEY, login._LOCK_KEY, indexer._LOCK_KEY):
            await connection.execute("SELECT pg_advisory_lock($1)", key)

        await chain.seal()

    assert (await last_entry(chain))["sealed"]
