"""The addresses of the pages."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fieldstone.ui_generator.pages import (
    calculations,
    changes,
    conditions,
    edit,
    home,
    locks,
    lookup,
    objects,
    organization,
    permissions,
    person_permissions,
    record,
    record_list,
    record_shares,
    roles,
    search,
    sharing,
    sharing_rules,
    storage,
    teams,
    theme,
    usage,
)
from fieldstone.ui_generator.shell import site_of


async def show_file(request: Request) -> Response:
    """GET /static/{version}/{path}: a static file."""
    return await site_of(request).assets.serve(request)


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route("/", home.go_home),
    Route("/static/{version}/{path:path}", show_file),
    Route("/admin", home.show_home),
    Route("/admin/_counts", home.show_counts),
    Route("/admin/_lookup", lookup.show_matches),
    Route("/admin/_theme", theme.choose_theme, methods=["POST"]),
    Route("/admin/search", search.show_search),
    Route("/admin/objects", objects.show_objects),
    Route("/admin/objects/new", objects.new_object),
    Route("/admin/objects/new", objects.create_object, methods=["POST"]),
    Route("/admin/objects/_preview", objects.preview_object, methods=["POST"]),
    Route("/admin/objects/{object}", objects.show_object),
    Route("/admin/objects/{object}", objects.create_field, methods=["POST"]),
    Route("/admin/organization", organization.show_form),
    Route("/admin/organization", organization.save_form, methods=["POST"]),
    Route("/admin/changes", changes.show_changes),
    Route("/admin/changes/{version}", changes.show_change),
    Route("/admin/changes/{version}", changes.undo_change, methods=["POST"]),
    Route("/admin/usage", usage.show_usage_page),
    Route("/admin/permissions", permissions.show_sets),
    Route("/admin/permissions", permissions.create_set, methods=["POST"]),
    Route("/admin/permissions/people/{id}", person_permissions.show_person),
    Route("/admin/permissions/people/{id}", person_permissions.change_sets, methods=["POST"]),
    Route("/admin/permissions/people/{id}/role", person_permissions.change_role, methods=["POST"]),
    Route("/admin/permissions/{name}", permissions.show_set),
    Route("/admin/permissions/{name}", permissions.save_set, methods=["POST"]),
    Route("/admin/permissions/{name}/delete", permissions.delete_set, methods=["POST"]),
    Route("/admin/permissions/{name}/people", permissions.change_holders, methods=["POST"]),
    Route("/admin/permissions/{name}/fields/{object}", permissions.show_fields),
    Route("/admin/permissions/{name}/fields/{object}", permissions.save_fields, methods=["POST"]),
    Route("/admin/roles", roles.show_roles),
    Route("/admin/roles", roles.create_role, methods=["POST"]),
    Route("/admin/roles/{name}", roles.show_role),
    Route("/admin/roles/{name}", roles.save_role, methods=["POST"]),
    Route("/admin/roles/{name}/people", roles.change_people, methods=["POST"]),
    Route("/admin/teams", teams.show_teams),
    Route("/admin/teams", teams.create_team, methods=["POST"]),
    Route("/admin/teams/{id}", teams.show_team),
    Route("/admin/teams/{id}", teams.save_team, methods=["POST"]),
    Route("/admin/teams/{id}/people", teams.change_members, methods=["POST"]),
    Route("/admin/sharing", sharing.show_sharing),
    Route("/admin/sharing", sharing.save_sharing, methods=["POST"]),
    Route("/admin/sharing/rules/new", sharing_rules.new_rule),
    Route("/admin/sharing/rules/new", sharing_rules.create_rule, methods=["POST"]),
    Route("/admin/sharing/rules/{name}", sharing_rules.show_rule),
    Route("/admin/sharing/rules/{name}", sharing_rules.save_rule, methods=["POST"]),
    Route("/admin/storage", storage.show_storage),
    Route("/admin/storage/_automatic", storage.choose_automatic, methods=["POST"]),
    Route("/admin/storage/{advice}/apply", storage.apply, methods=["POST"]),
    Route("/admin/storage/{advice}/undo", storage.undo, methods=["POST"]),
    Route("/admin/objects/{object}/{what}/{name}", calculations.show_calculation),
    Route("/admin/objects/{object}/{what}/{name}", calculations.save_calculation, methods=["POST"]),
    Route(
        "/admin/objects/{object}/{what}/{name}/check",
        calculations.check_calculation,
        methods=["POST"],
    ),
    Route("/admin/{object}", record_list.show_list),
    Route("/admin/{object}/_filter", record_list.show_filter_form),
    Route("/admin/{object}/new", edit.new_record),
    Route("/admin/{object}/new", edit.create_record, methods=["POST"]),
    Route("/admin/{object}/{id}", record.show_record),
    Route("/admin/{object}/{id}/conditions", conditions.judge_form, methods=["POST"]),
    Route("/admin/{object}/{id}/edit", edit.edit_record),
    Route("/admin/{object}/{id}/edit", edit.change_record, methods=["POST"]),
    Route("/admin/{object}/{id}/delete", edit.delete_record, methods=["POST"]),
    Route("/admin/{object}/{id}/restore", edit.restore_record, methods=["POST"]),
    Route("/admin/{object}/{id}/lock", locks.lock, methods=["POST"]),
    Route("/admin/{object}/{id}/unlock", locks.unlock, methods=["POST"]),
    Route("/admin/{object}/{id}/share", record_shares.show_shares),
    Route("/admin/{object}/{id}/share", record_shares.share_record, methods=["POST"]),
    Route("/admin/{object}/{id}/share/end", record_shares.end_share, methods=["POST"]),
    Route("/admin/{object}/{id}/related", record.show_related),
    Route("/admin/{object}/{id}/history", record.show_history),
)
