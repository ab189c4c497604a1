"""Tests of packages as files: written, read, made and written again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.builtin_objects.packages import shipped_package
from fieldstone.errors import Several
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component
from fieldstone.metadata.digests import digest_of
from fieldstone.metadata.package_files import content_digest, with_manifest, write_package
from fieldstone.metadata.packages import Manifest, Signature, read_package
from fieldstone.metadata.record_sets import MOST_IN_FILE, MOST_RECORDS, RecordSet
from fieldstone.metadata.values import JsonObject
from tests.support.components import after, an_object, stored

MANIFEST = Manifest("test", "Test", "1.0.0", dependencies={"crm": ">=1 <2"})
ENDS = {"left": {"object": "Alpha", "field": "one"}, "right": {"object": "Beta", "field": "two"}}
LINK = Component("relation", "Link", {"label": "Link", **ENDS}, "test")
LABELS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=40)


def made(components):
    """Give components as a tenant has them once they were created, in the order of their making."""
    return [row.component for row in stored(*components)]


@st.composite
def packages(draw):
    """Objects that refer to each other, a relation between them, and what hangs on them."""
    colours: JsonObject = {"label": draw(LABELS), "options": ["Red", "Blue"]}
    components = [Component("picklist", "Colour", colours, "test")]
    for name in ("Beta", "Alpha"):
        types = draw(st.dictionaries(st.text("abc", min_size=1, max_size=2), LABELS, max_size=6))
        fields = [{"name": own, "type": "text", "label": label} for own, label in types.items()]
        fields.append({"name": "to", "type": "lookup", "references": "Alpha"})
        fields.append({"name": "kind", "type": "picklist", "options": ["x", "y"]})
        detail = {"name": "detail", "type": "picklist", "options": ["x"], "controlled_by": "kind"}
        fields.insert(draw(st.integers(0, len(fields))), detail)
        components += an_object(name, *fields, label=draw(LABELS), plural_label=f"{name}s")
    rule: JsonObject = {"object": "Alpha", "condition": "ISBLANK(kind)", "message": draw(LABELS)}
    layout: JsonObject = {
        "object": "Beta",
        "label": "L",
        "sections": [{"label": "S", "columns": [[{}]]}],
    }
    extension: JsonObject = {"object": "Deal", "type": "number", "places": 2}
    return [
        *components,
        LINK,
        Component("validation_rule", "Alpha.kind_is_there", rule, "test"),
        Component("layout", "Beta.Main", layout, "test"),
        *([Component("field", "Deal.extra", extension, "test")] if draw(st.booleans()) else []),
    ]


@settings(max_examples=15)
@given(packages(), st.booleans())
def test_a_package_that_was_made_again_is_written_as_the_same_bytes(components, changed):
    deal = an_object("Deal", {"name": "name", "type": "text"})
    there = [one for one in made([*deal, *components]) if one.name not in ("Deal", "Deal.name")]
    if changed:
        there = [
            replace(one, body={**one.body, "label": "Ours"})
            if one.key == ("object", "link")
            else one
            for one in there
        ]

    files = write_package(MANIFEST, there)
    package = read_package(files)
    again = [
        one for one in made([*deal, *package.components]) if one.name not in ("Deal", "Deal.name")
    ]

    assert write_package(package.manifest, again) == files
    assert digest_of(again) == digest_of(there)


def test_the_crm_is_written_as_it_was_read():
    package = shipped_package("crm")

    files = write_package(package.manifest, package.components)
    again = read_package(files)

    assert again.manifest == package.manifest
    assert digest_of(again.components) == digest_of(package.components)
    assert "picklists/Industry.yaml" in files


def test_what_follows_from_a_relation_has_no_file_unless_it_was_changed():
    ends = [*an_object("Alpha"), *an_object("Beta")]
    rows = stored(*ends, LINK)
    between = next(row.component for row in rows if row.component.key == ("object", "link"))
    changed = replace(between, body={**between.body, "label": "Ours"})
    later = after(rows, plan_changes(rows, Proposal(upserts=(changed,))))

    plain, ours = (
        write_package(MANIFEST, [row.component for row in some]) for some in (rows, later)
    )

    assert "objects/Link.yaml" not in plain
    assert "label: Ours" in ours["objects/Link.yaml"]


def test_a_body_that_no_file_can_hold_is_refused():
    wrong = Component("object", "Alpha/Beta", {"label": "Alpha"}, "test")

    with pytest.raises(Several):
        write_package(MANIFEST, [wrong])


def test_the_digest_is_of_all_but_the_signature():
    files = write_package(MANIFEST, made(an_object("Alpha")))
    signature = Signature("A" * 43 + "=", "A" * 86 + "==")
    signed = with_manifest(files, replace(MANIFEST, signature=signature))

    assert content_digest(signed) == content_digest(files)
    assert content_digest({**signed, "README.md": "Hello"}) != content_digest(files)
    assert content_digest(with_manifest(files, replace(MANIFEST, version="1.0.1"))) != (
        content_digest(files)
    )


def test_more_records_than_a_package_may_bring_are_not_written():
    one = {"name": "x"}
    files = MOST_RECORDS // MOST_IN_FILE + 1
    sets = [
        RecordSet("Company", None, named={f"n{part}-{number}": one for number in range(2_000)})
        for part in range(files)
    ]

    with pytest.raises(Several) as caught:
        write_package(MANIFEST, (), sets)

    assert [problem.message for problem in caught.value.problems] == [
        "A package brings at most 20,000 records."
    ]
