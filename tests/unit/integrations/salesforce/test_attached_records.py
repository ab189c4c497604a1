"""Tests of what belongs to any record: activities, notes and files of a package's own objects."""

from __future__ import annotations

import asyncio

from fieldstone.metadata.changes import plan_changes
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.package_removal import package_removal
from tests.support.components import after
from tests.support.salesforce_packages import Brought, bring, xml

_LISTS = ("RelatedActivityList", "RelatedNoteList", "RelatedFileList")


def _brought() -> Brought:
    lists = "".join(
        f"<relatedLists><relatedList>{one}</relatedList></relatedLists>" for one in _LISTS
    )
    label = "<label>House</label><pluralLabel>Houses</pluralLabel>"
    about = (
        "<fields><fullName>About__c</fullName><type>Text</type>"
        "<formula>TEXT(Parent.Status) &amp; Owner:User.Alias</formula></fields>"
        "<listViews><fullName>Old</fullName><columns>CASES.CREATED_DATE_DATE_ONLY</columns>"
        "<columns>OWNER_NAME</columns><columns>PARENT_NAME</columns><label>Old</label></listViews>"
    )
    return asyncio.run(
        bring(
            {
                "objects/House__c.object": xml(
                    "CustomObject", f"{label}<enableActivities>true</enableActivities>"
                ),
                "objects/Case.object": xml("CustomObject", about),
                "layouts/House__c-House.layout": xml("Layout", lists),
            }
        )
    )


def _targets(rows: list[StoredComponent], full: str) -> list[str]:
    body = next(row.component.body for row in rows if row.component.name == full)
    told = body["references"]
    assert isinstance(told, list | tuple)
    return [str(one) for one in told]


def test_activities_notes_and_files_belong_to_the_objects_of_a_package() -> None:
    brought = _brought()

    listed = brought.body("layout", "House__c.House")["related_lists"]
    assert isinstance(listed, list)
    places = {str(one["relation"]) for one in listed if isinstance(one, dict)}
    assert places == {"Task.related_to", "Note.related_to", "Attachment.parent"}
    for full in (*places, "Event.related_to"):
        assert "House__c" in _targets(brought.rows, full)
    removal = package_removal(brought.rows, {"brought"}, along=False)
    assert removal.leaning == ()
    plan = plan_changes(brought.rows, removal.proposal)
    assert "House__c" not in _targets(after(brought.rows, plan), "Task.related_to")


def test_lists_and_formulas_name_what_salesforce_has_of_itself() -> None:
    brought = _brought()

    assert brought.body("list_view", "Ticket.Old")["columns"] == ["created_at", "owner", "ParentId"]
    assert "Parent.Status" in str(brought.body("field", "Ticket.About__c")["formula"])
