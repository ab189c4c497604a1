"""`crm package install`, `upgrade`, `diff`, `list` and `uninstall` against a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fieldstone.platform.commands.main import crm
from fieldstone.runtime.package_zips import write_zip
from tests.support.houses import FIRST, SECOND
from tests.support.web_server import served_app

RELABEL = "components: [{kind: field, name: Deal.houses, type: number, label: Mine, roll_up: \
{children: House.deal, function: count}}]"


@pytest.fixture
def run(app_dsn: str, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Run a command against a server."""
    with served_app(app_dsn, tmp_path / "data") as url:

        def run(*words: str, text: str | None = None) -> Result:
            return CliRunner().invoke(crm, [*words, "--url", url], input=text)

        yield run


def test_a_package_is_led_through_its_life(run: Callable[..., Result], tmp_path: Path) -> None:
    folder, file, changed = tmp_path / "houses", tmp_path / "houses.zip", tmp_path / "set.yaml"
    for path, text in FIRST.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    file.write_bytes(write_zip(SECOND))
    changed.write_text(RELABEL, encoding="utf-8")

    too_early = run("package", "upgrade", str(folder))
    installed = run("package", "install", str(folder), "--yes")
    untouched = run("package", "diff", "houses")
    run("apply", str(changed), "--yes")
    mine = run("package", "diff", "houses")
    coming = run("package", "diff", str(file))
    unsettled = run("package", "upgrade", str(file), "--yes")
    upgraded = run("package", "upgrade", str(file), text="theirs\ny\n")
    listed = run("package", "list")
    gone = run("package", "uninstall", "houses", "--yes")

    assert "houses is not: crm package install does." in too_early.output
    assert installed.output.startswith("Install Houses 1.0.0.\n+ object House\n")
    assert untouched.output == "All of it is as it was shipped.\n"
    assert mine.output == '~ field Deal.houses\n    label: "Houses" → "Mine"\n'
    assert "+ field House.area" in coming.output
    assert "[field:Deal.houses#/label]" in coming.output
    assert (unsettled.exit_code, "--all theirs" in unsettled.output) == (2, True)
    assert "Upgrade Houses from 1.0.0 to 1.1.0." in upgraded.output
    assert '    label: "Mine" → "Homes"' in upgraded.output
    assert "houses     1.1.0" in listed.output
    assert "- object House" in gone.output
    assert gone.exit_code == 0


def test_records_that_stayed_out_are_brought_when_nothing_else_changes(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "spots.zip"
    spot = "label: Spot\nfields:\n  - {name: code, type: text, unique: true}\n"
    files = {
        "package.yaml": "name: spots\nlabel: Spots\nversion: 1.0.0\n",
        "objects/Spot.yaml": spot,
        "records/Spot.yaml": "key: code\nrecords: [{code: a}, {code: b}]\n",
    }
    file.write_bytes(write_zip(files))
    run("package", "install", str(file), "--yes", "--without-records", "--accept-untrusted")
    before = run("query", "SELECT code FROM Spot ORDER BY code")

    unasked = run("package", "upgrade", str(file), "--accept-untrusted")

    brought = run("package", "upgrade", str(file), "--yes", "--accept-untrusted")

    after = run("query", "SELECT code FROM Spot ORDER BY code")
    assert unasked.exit_code == 0
    assert unasked.output.endswith("Say --yes to bring records that stayed out before.\n")
    assert "It brings at most 2 records." in brought.output
    assert brought.output.endswith("What was missing of them has come.\n")
    assert ("a" in before.output.split(), "a" in after.output.split()) == (False, True)
