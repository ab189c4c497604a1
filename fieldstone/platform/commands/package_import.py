"""`crm package import-salesforce`: bring a package of Salesforce, its plan first."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.errors import FieldstoneError
from fieldstone.integrations.salesforce.archive import read_folder
from fieldstone.metadata.values import write_json
from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.package_words import SIDES, Settling, settled
from fieldstone.platform.plan_words import applied_in_words
from fieldstone.platform.text_table import text_table

_OUTCOMES: Final = ("imported", "imported_with_note", "not_applicable", "failed")
_HEADS: Final = ["Type", "Imported", "With a note", "Not applicable", "Failed"]


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--name", default="", help="What the package is called here.")
@click.option(
    "--prefer",
    type=click.Choice(SIDES),
    help="Whose side is taken where it was brought before and changed here; asked if left out.",
)
@click.option("--choose", "choices", multiple=True, help="KEY=theirs or KEY=ours of a conflict.")
@click.option("--yes", is_flag=True, help="Bring it without asking.")
@click.option("--plan", "only_plan", is_flag=True, help="Tell what it would do, and end there.")
@click.option(
    "--all", "shows_all", is_flag=True, help="Tell of every part, not of those with notes."
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as JSON."
)
@reaches_platform
def command(path: Path, *, name: str, yes: bool, only_plan: bool, **chosen: Any) -> None:
    """Bring the package of Salesforce in PATH, a folder or a zip.

    What it would do is told first, with what becomes of each of its parts.
    """
    file = (f"{path.resolve().stem}.zip", zip_of(path), "application/zip")
    with connected(Where(chosen["url"], chosen["data"], chosen["tenant"])) as client:
        said = {"name": name, "prefer": chosen["prefer"] or "ours"}

        def planned() -> Any:
            path = "/api/salesforce-packages/plan"
            return client.ask("POST", path, data=said, files={"file": file})

        plan = planned()
        side = chosen["prefer"] or ("ours" if yes or only_plan else None)
        choices = settled(plan["conflicts"], Settling(chosen["choices"], side, yes))
        if any(one != said["prefer"] for one in choices.values()):
            said["choices"] = write_json(choices)
            plan = planned()
        click.echo("\n".join(_words(plan, shows_all=chosen["shows_all"])))
        if chosen["report"] is not None:
            chosen["report"].write_text(write_json(plan["report"]), encoding="utf-8")
        if only_plan or not plan["changes"]:
            return
        if not yes:
            click.confirm("Bring it?", abort=True)
        agreed = {**said, "digest": plan["digest"], "confirm": write_json(plan["confirm"])}
        done = client.ask(
            "POST", "/api/salesforce-packages/import", data=agreed, files={"file": file}
        )
    if "job" in done:
        click.echo(applied_in_words(done))
        return
    told = f"{len(done['changes']):,} components, change {done['version']}"
    click.echo(f"Brought {done['package']}: {told}. crm undo {done['version']} takes it back.")


def zip_of(path: Path) -> bytes:
    """Give a package as a zip, whether it lies there as one or as a folder. Raises UsageError."""
    if path.is_file():
        return path.read_bytes()
    try:
        files = read_folder(path)
    except (OSError, FieldstoneError) as error:
        raise click.UsageError(f"{path} cannot be read: {error}") from error
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


def _words(plan: Mapping[str, Any], *, shows_all: bool) -> Iterator[str]:
    """Yield what a plan says, for a terminal."""
    report = plan["report"]
    rows = [
        [kind, *(f"{counts.get(one, 0) or '':,}" if counts.get(one) else "" for one in _OUTCOMES)]
        for kind, counts in report["types"].items()
    ]
    yield text_table(_HEADS, rows)
    for part in report["parts"]:
        if part["notes"] or shows_all:
            outcome = part["outcome"].replace("_", " ")
            yield f"{part['type']} {part['name']} ({outcome}): {' '.join(part['notes'])}".rstrip(
                ": "
            )
    for one in plan["conflicts"]:
        taken = "the package's is taken" if one["choice"] == "theirs" else "yours stays"
        yield f"Changed here as well: {one['message']} So {taken}."
    yield from (f"Records: {one['message']}" for one in plan["impact"])
    counts: dict[str, int] = {}
    for change in plan["changes"]:
        counts[change["operation"]] = counts.get(change["operation"], 0) + 1
    told = ", ".join(f"{count:,} to {verb}" for verb, count in counts.items())
    yield f"{plan['package']}: {told} here." if told else "Nothing would change."
