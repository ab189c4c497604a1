"""`crm plan`, `apply`, `changes`, `undo` and `where-used` against a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fieldstone.platform.commands.main import crm
from tests.support.web_server import served_app

SET = """
components:
  - {kind: field, name: Deal.note__c, type: text}
  - {kind: field, name: Deal.loud__c, type: text, formula: UPPER(note__c)}
"""


@pytest.fixture
def run(app_dsn: str, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Run a command against a server."""
    with served_app(app_dsn, tmp_path / "data") as url:

        def run(name: str, *arguments: str, text: str | None = None) -> Result:
            return CliRunner().invoke(crm, [name, "--url", url, *arguments], input=text)

        yield run


def test_change_set_is_planned_applied_told_and_undone(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "set.yaml"
    file.write_text(SET, encoding="utf-8")

    plan = run("plan", str(file))
    refused = run("apply", str(file), text="n\n")
    still = run("plan", str(file))
    applied = run("apply", str(file), "--yes")
    nothing = run("apply", str(file))
    used = run("where-used", "Deal.note__c")
    number = applied.output.split("change ")[1].split(".")[0]
    listed, shown = run("changes"), run("changes", number)
    undone = run("undo", number, "--yes")
    gone = run("where-used", "Deal.note__c")

    assert plan.output.splitlines() == ["+ field Deal.note__c", "+ field Deal.loud__c"]
    assert refused.exit_code == 1
    assert still.output == plan.output
    assert applied.exit_code == 0
    assert nothing.output == "Nothing would change.\n"
    assert "field  Deal.loud__c  /formula" in used.output
    assert number in listed.output
    assert "+ field Deal.note__c" in shown.output
    assert undone.exit_code == 0
    assert (gone.exit_code, "There is no field" in gone.output) == (1, True)


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "\0"])
def test_file_that_is_no_change_set_is_refused(
    run: Callable[..., Result], tmp_path: Path, text: str
) -> None:
    file = tmp_path / "set.yaml"
    file.write_text(text, encoding="utf-8")

    assert run("plan", str(file)).exit_code == 2
