"""The command `crm`: a table of commands, each loaded only when it is called."""

from __future__ import annotations

import click

from fieldstone.platform.commands.lazy_group import LazyGroup

_ROOM = "fieldstone.platform.commands"
# Name, module and first line of help; `crm --help` reads this table and imports none of them.
COMMANDS = {
    "serve": (f"{_ROOM}.serve", "Start the platform: servers, API and pages."),
    "objects": (f"{_ROOM}.objects", "List the objects."),
    "describe": (f"{_ROOM}.describe", "Show what an object is made of."),
    "plan": (f"{_ROOM}.plan", "Tell what a set of changes to the setup would do."),
    "apply": (f"{_ROOM}.apply", "Apply a set of changes to the setup."),
    "changes": (f"{_ROOM}.changes", "List the changes of the setup."),
    "undo": (f"{_ROOM}.undo", "Undo a change of the setup."),
    "where-used": (f"{_ROOM}.where_used", "List who names an object, a field and so on."),
    "branches": (f"{_ROOM}.branches", "Try changes of the setup in a branch, and merge them."),
    "package": (f"{_ROOM}.package", "Make, install, upgrade and remove packages."),
    "views": (f"{_ROOM}.views", "List the views of an object, and their records."),
    "query": (f"{_ROOM}.query", "Run a query and show the rows."),
    "import": (f"{_ROOM}.import_records", "Bring the rows of a file in as records."),
    "export": (f"{_ROOM}.export", "Write records to a file."),
    "worker": (f"{_ROOM}.worker", "Run one more worker process."),
    "tenants": (f"{_ROOM}.tenants", "Make, suspend, delete and limit tenants."),
    "operator": (f"{_ROOM}.operator", "Tokens of operators, and what operators did."),
    "usage": (f"{_ROOM}.usage", "Show what the organization uses of what it may use."),
    "organization": (f"{_ROOM}.organization", "Show or change the organization."),
    "people": (f"{_ROOM}.people", "Let people sign in, and list who may."),
    "permissions": (f"{_ROOM}.permissions", "Show permission sets, and give them to people."),
    "territories": (f"{_ROOM}.territories", "Show territories and say who works in them."),
    "encryption": (f"{_ROOM}.encryption", "Show and change the keys of encrypted fields."),
    "locks": (f"{_ROOM}.locks", "Show which records are locked, lock and unlock them."),
    "roles": (f"{_ROOM}.roles", "Show and change the hierarchy, and who stands where."),
    "teams": (f"{_ROOM}.teams", "Show and change teams, and who is in them."),
    "sharing": (f"{_ROOM}.sharing", "Say who sees which records, and what that changes."),
    "shares": (f"{_ROOM}.shares", "Share one record, and end that."),
    "explain-access": (f"{_ROOM}.explain_access", "Tell why somebody may do something, or not."),
    "privacy": (f"{_ROOM}.privacy", "See to personal data: holds, retention, people."),
    "audit": (f"{_ROOM}.audit", "Tell who did what, and prove that it is so."),
    "storage": (f"{_ROOM}.storage", "Show where records lie, and move them."),
    "advise": (f"{_ROOM}.advise", "Tell what slots and indexes would serve queries."),
    "doctor": (f"{_ROOM}.doctor", "Check Python, servers, data directory and settings."),
    "test": (f"{_ROOM}.test", "Run the tests of a checkout, in parallel."),
    "docs": (f"{_ROOM}.docs", "Write the reference pages from the code and build the docs."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
@click.version_option(package_name="fieldstone")
def crm() -> None:
    """Fieldstone, a metadata-driven CRM platform."""


if __name__ == "__main__":
    crm(prog_name="crm")
