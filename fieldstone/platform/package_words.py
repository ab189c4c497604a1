"""How commands bring packages about: sent, planned, shown, settled, and applied once agreed to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.metadata.packages import files_of
from fieldstone.metadata.values import write_json
from fieldstone.platform.client import Client
from fieldstone.platform.plan_words import applied_in_words, plan_in_words
from fieldstone.runtime.package_zips import write_zip

SIDES: Final = ("theirs", "ours")
_DEEDS: Final = {
    "install": "Install {label} {version}.",
    "upgrade": "Upgrade {label} from {version_before} to {version}.",
    "refresh": "Bring {label} {version} up to date.",
    "uninstall": "Uninstall {label} {version_before}.",
}
_WIDEST: Final = 60
Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Settling:
    """How conflicts are settled without asking. side: of all that are not among choices.

    without_records: whether the records that packages bring shall not come. accepts_untrusted:
    whether packages of strangers are meant.
    """

    choices: tuple[str, ...]
    side: str | None
    yes: bool
    without_records: bool = False
    accepts_untrusted: bool = False


def settles(command: Command) -> Command:
    """Give a command the options that settle conflicts: --choose, --all and --yes."""
    for option in (
        click.option("--yes", is_flag=True, help="Apply it without asking, losses included."),
        click.option("--all", "side", type=click.Choice(SIDES), help="The side of all conflicts."),
        click.option("--accept-untrusted", is_flag=True, help="Install what nobody known signed."),
        click.option("--without-records", is_flag=True, help="Leave out the records it brings."),
        click.option("--choose", "choices", multiple=True, help="KEY=theirs or KEY=ours."),
    ):
        command = option(command)
    return command


def package_bytes(path: Path) -> bytes:
    """Give a package on disk as a ZIP file, whether it lies there as one or as a folder."""
    if path.is_file():
        return path.read_bytes()
    try:
        return write_zip(files_of(path))
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path} cannot be read: {error}") from error


def sent(client: Client, named: str) -> str:
    """Send a package on disk and give by what it is meant; a name of one that is there stays."""
    path = Path(named)
    if not path.exists():
        return named
    file = (f"{path.name}.zip", package_bytes(path), "application/zip")
    answer = client.ask("POST", "/api/package-uploads", files={"file": file})
    return str(answer["install"])


def bring_about(
    client: Client, wish: Mapping[str, Any], settling: Settling, deeds: Iterable[str]
) -> None:
    """Plan a wish, show the plan, settle its conflicts, and apply it once that is agreed to.

    deeds: what the command is for; another one is refused.
    """
    if settling.without_records:
        wish = {**wish, "records": False}
    plan = _planned(client, wish)
    _check_deeds(plan, set(deeds))
    choices = settled(plan["conflicts"], settling)
    if choices:
        wish = {**wish, "choices": choices}
        plan = _planned(client, wish)
    _tell(plan)
    if not plan["changes"] and not _brings_what_is_missing(plan, settling):
        return
    if any(one["must_accept"] for one in plan["signatures"]):
        _check_accepted(settling)
        wish = {**wish, "accept_untrusted": True}
    if not settling.yes:
        click.confirm("Apply this?", abort=True)
    agreed = {**wish, "digest": plan["digest"], "confirm": plan["confirm"]}
    done = client.ask("POST", "/api/packages", content=write_json(agreed))
    click.echo(applied_in_words(done) if plan["changes"] else "What was missing of them has come.")


def _tell(plan: Mapping[str, Any]) -> None:
    """Say what a plan would do, and who signed what."""
    for one in plan["packages"]:
        click.echo(_DEEDS[one["deed"]].format(**one))
        if one["records"]:
            click.echo(f"It brings at most {one['records']:,} records.")
    click.echo(plan_in_words(plan))
    for one in plan["steps"]:
        click.echo(f"! {one['message']}")
    for one in plan["signatures"]:
        click.echo(one["message"])


def _brings_what_is_missing(plan: Mapping[str, Any], settling: Settling) -> bool:
    """Tell whether records that stayed out before are to come, where all else is as it comes.

    How many there are is not known before, so that nobody is kept waiting for an answer.
    """
    if not any(one["records"] for one in plan["packages"]):
        return False
    if not settling.yes:
        click.echo("Say --yes to bring records that stayed out before.")
    return settling.yes


def _check_accepted(settling: Settling) -> None:
    """Ask whether a package of strangers is meant, unless that was said."""
    if settling.accepts_untrusted:
        return
    if settling.yes:
        message = "No key that is trusted here signed it: say --accept-untrusted, or trust the key"
        raise click.UsageError(f"{message} at /admin/packages/_keys.")
    click.confirm("No key that is trusted here signed it. Do you know who made it?", abort=True)


def conflict_in_words(one: Mapping[str, Any]) -> str:
    """Give a conflict in lines: what it is about, and both sides."""
    sides = (
        f"  {side:<7}{_short(one[side]) if side in one else 'nothing'}"
        for side in ("base", *SIDES)
        if side in one or side != "base"
    )
    return "\n".join([f"{one['message']}  [{one['key']}]", *sides])


def _planned(client: Client, wish: Mapping[str, Any]) -> Any:
    return client.ask("POST", "/api/package-plans", content=write_json(wish))


def _check_deeds(plan: Mapping[str, Any], deeds: set[str]) -> None:
    for one in plan["packages"]:
        if one["deed"] not in deeds:
            known = one["version_before"]
            there = f"{one['label']} {known} is installed" if known else f"{one['name']} is not"
            hint = "crm package upgrade brings it further" if known else "crm package install does"
            raise click.UsageError(f"{there}: {hint}.")


def settled(conflicts: Iterable[Mapping[str, Any]], settling: Settling) -> dict[str, str]:
    """Give the side of each conflict: as it was said, or as it is answered now."""
    said = dict(_choice(text) for text in settling.choices)
    for one in conflicts:
        if one["key"] in said:
            continue
        click.echo(conflict_in_words(one))
        if settling.side is not None:
            said[one["key"]] = settling.side
        elif settling.yes:
            raise click.UsageError("Say whose side to take: --all theirs, --all ours or --choose.")
        else:
            said[one["key"]] = click.prompt("Whose?", type=click.Choice(SIDES), default="ours")
    return said


def _choice(text: str) -> tuple[str, str]:
    key, _, side = text.rpartition("=")
    if not key or side not in SIDES:
        raise click.UsageError(f"{text!r} must be a key, = and theirs or ours.")
    return key, side


def _short(value: object) -> str:
    text = write_json(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
