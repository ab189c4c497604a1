"""`crm import companies FILE`: bring the rows of a file in as records."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.metadata.values import write_json
from fieldstone.platform.client import Client, Where, connected, reaches_platform

_LOOK_EVERY_S: Final = 0.5
_SHOWN: Final = 10
_COUNTS: Final = (
    ("imported", "new records"),
    ("updated", "records changed"),
    ("unchanged", "rows that changed nothing"),
    ("merged", "rows merged into records"),
    ("skipped", "rows that are there already"),
    ("held", "rows held back for review"),
    ("rejected", "rows rejected"),
)


@click.command()
@click.argument("object_name", metavar="OBJECT")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", "-m", multiple=True, metavar="COLUMN=FIELD", help="What a column fills.")
@click.option("--key", default="", help="Field by which rows change the records that are there.")
@click.option(
    "--duplicates",
    type=click.Choice(["review", "create", "merge"]),
    help="What becomes of probable duplicates.",
)
@click.option("--dry-run", is_flag=True, help="Try everything and keep nothing.")
@click.option(
    "--save",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory for the rows that were rejected or held back.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@reaches_platform
def command(object_name: str, file: Path, *, as_json: bool, **chosen: Any) -> None:
    """Import the rows of FILE (CSV or XLSX) as records of OBJECT, such as companies."""
    form = _form(object_name, chosen)
    with connected(Where(chosen["url"], chosen["data"], chosen["tenant"])) as client:
        report = _import(client, file, form)
        if as_json:
            click.echo(write_json(report))
        else:
            _show(client, report, file, chosen["save"])


def _form(object_name: str, chosen: dict[str, Any]) -> dict[str, str]:
    form = {"object": object_name, "key": chosen["key"], "duplicates": chosen["duplicates"] or ""}
    form["dry_run"] = "yes" if chosen["dry_run"] else ""
    if chosen["mapping"]:
        pairs = [one.rpartition("=") for one in chosen["mapping"]]
        if not all(column and name for column, _, name in pairs):
            raise click.BadParameter("Write --mapping 'Zip=address.postal_code'.")
        form["mapping"] = write_json({column: name for column, _, name in pairs})
    return form


def _import(client: Client, file: Path, form: dict[str, str]) -> dict[str, Any]:
    """Send the file, wait for the job if it became one, and give the report."""
    with file.open("rb") as opened:
        answer = client.ask("POST", "/import", data=form, files={"file": (file.name, opened)})
    job = answer["job"]
    if job["state"] == "done":
        return dict(answer)
    while job["state"] in ("waiting", "running"):
        time.sleep(_LOOK_EVERY_S)
        job = client.ask("GET", job["url"])
        _tell(job["progress"].get("words", "Waiting for a worker."))
    _tell("")
    if job["state"] != "done":
        errors = (job["result"] or {}).get("errors") or [{"message": f"It was {job['state']}."}]
        raise click.ClickException(" ".join(str(error["message"]) for error in errors))
    return {**job["result"], "job": {key: job[key] for key in ("id", "state", "url")}}


def _tell(words: str) -> None:
    """Show how far it is, on one line of a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{words}", nl=False, err=True)


def _show(client: Client, report: dict[str, Any], file: Path, save: Path | None) -> None:
    tried = " (dry run: nothing was kept)" if report["dry_run"] else ""
    click.echo(f"{report['rows']:,} rows of {file.name} as {report['object']}{tried}")
    for header, name in report["mapping"].items():
        click.echo(f"  {header} → {name}")
    if report["unmapped"]:
        click.echo(f"  not read: {', '.join(report['unmapped'])}")
    for key, words in _COUNTS:
        if report[key]:
            click.echo(f"{report[key]:>9,}  {words}")
    _show_duplicates(report)
    for kind in ("rejected", "held"):
        address = report.get(f"{kind}_file")
        if address and not report["dry_run"]:
            if save is None:
                click.echo(f"Rows {kind}, with reasons: {client.http.base_url.join(address)}")
            else:
                _save(client, address, save / f"{file.stem}-{kind}.csv")


def _show_duplicates(report: dict[str, Any]) -> None:
    found = report["duplicates"]
    if found:
        click.echo(f"{report['duplicates_found']:>9,}  probable duplicates, such as")
    for one in found[:_SHOWN]:
        new, existing = one["new"], one["existing"]
        sure = f"{float(one['confidence']) * 100:.0f} %"
        names = f"{new['name']} = {existing['name']}"
        click.echo(f"           row {new['row']}: {names} ({sure}, {one['action']})")


def _save(client: Client, address: str, path: Path) -> None:
    """Save the rows that are left over, to be mended and imported again."""
    with client.http.stream("GET", address) as answer:
        answer.raise_for_status()
        with path.open("wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)
    click.echo(f"The rows with the reasons are in {path}.")
