"""`crm roles`, `crm teams`, `crm sharing` and `crm shares`: what they say is what then holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from fieldstone.platform.commands.main import crm
from tests.support.web_server import served_app

Run = Callable[..., str]
ADA = {"email": "ada@acme.example", "password": "correct horse battery"}


@pytest.fixture
def url(app_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server where Ada administers, Ben is invited and there are three deals."""
    with served_app(app_dsn, tmp_path / "data") as address, httpx.Client(base_url=address) as http:
        deals = [{"name": f"Deal {n}", "value": n} for n in (1, 2, 3)]
        http.post("/api/records/Deal", json={"records": deals}).raise_for_status()
        http.post("/api/claim", json=ADA).raise_for_status()
        said = {"email": "ben@acme.example", "name": "Ben"}
        http.post("/api/people", json=said).raise_for_status()
        token = http.post("/api/tokens", json={"name": "cli"}).raise_for_status().json()["token"]
        monkeypatch.setenv("FIELDSTONE_TOKEN", token)
        yield address


@pytest.fixture
def run(url: str) -> Run:
    """Run a command against that server, and give what it prints."""

    def run(*arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(crm, [*arguments, "--url", url])
        assert done.exit_code == status, done.output
        return done.output

    return run


def test_sharing_is_told_and_then_set(run: Run) -> None:
    told = run("sharing", "set", "Deal", "private", "--preview")
    before = run("sharing", "list")
    run("sharing", "set", "Deal", "private")

    assert "1 person would no longer see 3 Deals." in told
    assert "Deal" not in before
    assert "private" in run("sharing", "list")
    assert "Nobody would" in run("sharing", "set", "Deal", "private", "--preview")


def test_rules_come_from_files(run: Run, tmp_path: Path) -> None:
    run("sharing", "set", "Deal", "private")
    file, several = tmp_path / "rule.json", tmp_path / "changes.json"
    rule = {"name": "Big", "object": "Deal", "where": "value > 1", "share_with": {"everyone": True}}
    file.write_text(json.dumps(rule))
    several.write_text(json.dumps({"components": [{**rule, "kind": "sharing_rule"}]}))
    told = run("sharing", "rule", str(file), "--preview")
    run("sharing", "rule", str(file))
    run("sharing", "rule", str(file))

    assert told == "1 person would newly see 2 Deals.\n"
    assert "Nobody would" in run("sharing", "preview", str(several))
    assert "where value > 1" in run("sharing", "rules")
    assert "no longer see 2 Deals" in run("sharing", "delete-rule", "Big", "--preview")
    run("sharing", "delete-rule", "Big")
    assert "Big" not in run("sharing", "rules")


def test_roles_are_a_tree(run: Run) -> None:
    run("roles", "create", "Head", "--label", "Head of sales")
    run("roles", "create", "Seller", "--below", "Head")
    run("sharing", "set", "Deal", "private")
    assert "Nobody would" in run("roles", "give", "ben@acme.example", "Head", "--preview")
    run("roles", "give", "ben@acme.example", "Seller")

    assert "\n  Seller" in run("roles", "list")
    assert "Ben" in run("roles", "people", "Seller")
    run("roles", "move", "Seller", "--preview")
    run("roles", "move", "Seller")
    assert "\nSeller" in run("roles", "list")
    run("roles", "take", "ben@acme.example")
    run("roles", "delete", "Seller", "--preview")
    run("roles", "delete", "Seller")
    assert "Did you mean Head?" in run("roles", "people", "Haed", status=1)


def test_teams_have_people_and_records_are_shared_with_them(run: Run) -> None:
    run("sharing", "set", "Deal", "private")
    run("teams", "create", "Partners")
    run("teams", "create", "North", "--within", "partners")
    record = json.loads(run("query", "SELECT id FROM Deal LIMIT 1", "--format", "ndjson"))["id"]
    run("shares", "add", "Deal", record, "team:Partners", "--edit", "--reason", "They know it")
    told = run("teams", "add", "North", "ben@acme.example", "--preview")
    run("teams", "add", "North", "ben@acme.example")
    why = run("explain-access", "--user", "ben@acme.example", "--record", record)

    assert "1 person would newly see 1 Deal." in told
    assert "Ben" in run("teams", "people", "North")
    assert "It is shared with the team Partners." in why
    assert "They know it" in run("shares", "list", "Deal", record)
    run("shares", "add", "Deal", record, "user:ben@acme.example")
    assert "It is shared with Ben." in run(
        "explain-access", "--user", "ben@acme.example", "--record", record
    )
    run("shares", "end", "Deal", record, "user:Ben")
    run("shares", "end", "Deal", record, "team:Partners")
    run("shares", "add", "Deal", record, "nobody", status=2)
    run("teams", "remove", "North", "ben@acme.example")
    run("teams", "delete", "North", "--preview")
    run("teams", "delete", "North")
    assert "North" not in run("teams", "list")
