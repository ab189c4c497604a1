"""The command `crm-sync`: mail and calendar accounts. Its commands are announced, not yet built."""

from __future__ import annotations

import click

PLANNED = {
    "auth": "Connect a mailbox or a calendar, such as `crm-sync auth gmail`.",
    "status": "Show the connected accounts and when each was last in step.",
    "timeline": "Show what was exchanged with a person, newest first.",
}


def _announce(name: str, text: str) -> click.Command:
    def refuse() -> None:
        raise click.ClickException(f"crm-sync {name} is not built yet.")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=refuse, help=text, context_settings=settings)


@click.group(commands=[_announce(name, text) for name, text in PLANNED.items()])
@click.version_option(package_name="fieldstone")
def crm_sync() -> None:
    """Mail and calendars in step with the CRM. None of these commands is built yet."""


if __name__ == "__main__":
    crm_sync(prog_name="crm-sync")
