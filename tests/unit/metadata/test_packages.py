"""Tests of how packages are read."""

from __future__ import annotations

import pytest

from fieldstone.errors import Several
from fieldstone.metadata import packages, record_sets
from fieldstone.metadata.packages import (
    BadPackage,
    Manifest,
    ReadingStopped,
    read_folder,
    read_manifest,
    read_package,
)

MANIFEST = "name: garage\nlabel: Garage\nversion: 1.2.3\n"
CAR = """
label: Car
aliases: [Auto]
fields:
  - {name: name, type: text, required: true}
  - {name: paint, type: picklist, value_set: Colour}
"""
COLOUR = "label: Colour\noptions: [Red, {value: Blue, color: blue}]\n"


def a_package(**files):
    """Give the files of a package: folder__Name stands for folder/Name.yaml."""
    paths = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
    return {"package.yaml": MANIFEST, **paths}


def an_object_file(label, *fields):
    """Give the text of a file for an object with fields in YAML's flow form."""
    return f"label: {label}\nfields:\n" + "".join(f"  - {{{field}}}\n" for field in fields)


def problems_in(files):
    with pytest.raises(Several) as caught:
        read_package(files)
    return [(problem.at, problem.message) for problem in caught.value.problems]


def test_a_package_is_its_manifest_and_its_components_in_order():
    package = read_package(a_package(objects__Car=CAR, picklists__Colour=COLOUR))

    assert package.manifest == Manifest("garage", "Garage", "1.2.3")
    assert [(part.kind, part.name) for part in package.components] == [
        ("object", "Car"),
        ("picklist", "Colour"),
        ("field", "Car.name"),
        ("field", "Car.paint"),
    ]
    assert {part.package for part in package.components} == {"garage"}
    assert package.components[2].body == {"object": "Car", "type": "text", "required": True}


def test_a_package_may_add_fields_to_objects_of_others():
    field = {"fields/Deal.colour.yaml": "object: Deal\ntype: text\n"}

    package = read_package({**a_package(), **field})

    assert [part.name for part in package.components] == ["Deal.colour"]


def test_the_order_of_the_files_does_not_matter():
    files = a_package(objects__Car=CAR, picklists__Colour=COLOUR)

    assert read_package(dict(reversed(files.items()))) == read_package(files)


def test_a_folder_is_read_with_its_folders(tmp_path):
    (tmp_path / "package.yaml").write_text(MANIFEST)
    (tmp_path / "README.md").write_text("# Garage\n")
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "Car.yaml").write_text("label: Car\n")

    assert [part.name for part in read_folder(tmp_path).components] == ["Car"]


def test_all_problems_of_all_files_are_told_with_their_places():
    files = a_package(
        objects__Car=an_object_file("Car", "name: a, type: txt", "type: text"),
        objects__Wheel=an_object_file("Wheel", "name: size, type: number, plcaes: 2"),
        picklists__Colour="label: Colour\n",
        picklists__Size="label: [",
        garages__Big="label: Big\n",
        objects__List="- 1\n",
    )
    files["package.yaml"] = "name: Garage\nlabel: Garage\nversion: 1.2\nauthor: me\n"

    found = dict(problems_in(files))

    assert set(found) == {
        "package.yaml#/name",
        "package.yaml#/version",
        "package.yaml#/author",
        "objects/Car.yaml#/fields/0/type",
        "objects/Car.yaml#/fields/1/name",
        "objects/Wheel.yaml#/fields/0/plcaes",
        "objects/List.yaml",
        "picklists/Colour.yaml#/options",
        "picklists/Size.yaml:2:1",
        "garages/Big.yaml",
    }
    assert found["package.yaml#/author"] == "author is not known here."
    assert found["picklists/Colour.yaml#/options"] == "options is missing."


def test_shapes_within_an_object_are_told_at_the_field():
    files = a_package(objects__Car="label: Car\ncolour: 1\nfields:\n  - {name: a, type: txt}\n")

    places = [at for at, _ in problems_in(files)]

    assert places == ["objects/Car.yaml#/colour", "objects/Car.yaml#/fields/0/type"]


@pytest.mark.parametrize(
    ("attribute", "place"),
    [
        ("type: text", "0/name"),
        ("name: a, type: txt", "0/type"),
        ("name: a, type: text, x: 1", "0/x"),
    ],
)
def test_shapes_within_a_relation_are_told_at_the_attribute(attribute, place):
    ends = "left: {object: A, field: a}\nright: {object: B, field: b}\n"
    files = a_package(relations__Fit=f"label: Fit\n{ends}attributes: [{{{attribute}}}]\n")

    assert [at for at, _ in problems_in(files)] == [f"relations/Fit.yaml#/attributes/{place}"]


def test_an_object_is_called_as_its_file():
    found = problems_in(a_package(objects__Car="name: Cars\nlabel: Car\n"))

    assert found == [("objects/Car.yaml#/name", "The name of an object is that of its file.")]


def test_a_component_may_stand_in_one_place_only():
    files = {
        **a_package(objects__Car=an_object_file("Car", "name: name, type: text")),
        "fields/Car.Name.yaml": "object: Car\ntype: text\n",
    }

    assert problems_in(files) == [
        ("fields/Car.Name.yaml#", "Car.Name stands in objects/Car.yaml as well.")
    ]


def test_circles_are_refused():
    files = a_package(
        objects__Car=an_object_file("Car", "name: w, type: master_detail, references: Wheel"),
        objects__Wheel=an_object_file("Wheel", "name: c, type: master_detail, references: Car"),
    )

    ((_, message),) = problems_in(files)

    assert message == "Masters go in a circle: Car → Wheel → Car."


@pytest.mark.parametrize("version", ["1.2", "01.2.3", "v1.2.3", "1.2.3.4", "1.2.3+build", ""])
def test_a_version_is_three_numbers(version):
    files = {"package.yaml": MANIFEST.replace("1.2.3", f'"{version}"')}

    assert [at for at, _ in problems_in(files)] == ["package.yaml#/version"]


@pytest.mark.parametrize(
    ("wanted", "fine"),
    [(">=1.2 <2", True), ("^1.0.0", True), ("1", True), ("latest", False), (">= 1", False)],
)
def test_a_dependency_names_the_versions_that_will_do(wanted, fine):
    files = {"package.yaml": MANIFEST + f'dependencies: {{crm: "{wanted}"}}\n'}
    if fine:
        assert read_package(files).manifest.dependencies == {"crm": wanted}
    else:
        assert [at for at, _ in problems_in(files)] == ["package.yaml#/dependencies/crm"]


def test_files_without_a_manifest_are_no_package():
    with pytest.raises(BadPackage, match=r"There is no package\.yaml\."):
        read_package({"objects/Car.yaml": CAR})


@pytest.mark.parametrize(
    "path", ["Car.yaml", "objects/Car.json", "objects/deep/Car.yaml", "../objects/Car.yaml", "x"]
)
def test_a_file_without_a_place_is_told(path):
    files = {"package.yaml": MANIFEST, path: "label: Car\n"}

    assert problems_in(files) == [(path, "This file has no place in a package.")]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("name", "garage\n"),
        ("version", "1.2.3\n"),
        ("version", "1.2.3-a\n"),
        ("version", "1.2.\u0663"),
        ("namespace", "ns\n"),
        ("features", ["exports\n"]),
        ("dependencies", {"crm": ">=1\n"}),
        ("dependencies", {"crm\n": "1"}),
    ],
)
def test_nothing_stands_behind_a_name_or_a_version(key, said):
    manifest = {"name": "garage", "label": "Garage", "version": "1.2.3", key: said}

    with pytest.raises(Several):
        read_manifest(manifest)


def test_a_package_is_read_only_up_to_a_size(monkeypatch):
    files = a_package(objects__Car=CAR)
    monkeypatch.setattr(packages, "MOST_CHARACTERS", sum(map(len, files.values())) - 1)

    with pytest.raises(BadPackage, match="characters in all its files"):
        read_package(files)


def test_what_is_wrong_with_records_is_told_with_its_place(monkeypatch):
    monkeypatch.setattr(record_sets, "MOST_RECORDS", 4)
    files = {
        "package.yaml": MANIFEST,
        "records/A.yaml": "key: x\nrecords: [{x: 1}]\nnamed: {one: {y: 2}}\n",
        "records/A.2.yaml": "key: x\nrecords: [{x: 2}, {x: 1}]\nnamed: {one: {y: 2}}\n",
        "records/B.yaml": "records: [{x: 1}]\n",
        "records/C.yaml": "named: {one two: {x: 1}}\n",
    }
    shapes = problems_in(files)
    del files["records/B.yaml"], files["records/C.yaml"]

    assert [at for at, _ in shapes][:2] == ["records/B.yaml#", "records/C.yaml#/named"]
    assert problems_in(files) == [
        ("records", "A package brings at most 4 records."),
        ("records/A.2.yaml#/records/1/x", "This record has no x of its own."),
        ("records/A.2.yaml#/named/one", "Another record is called one as well."),
    ]


def test_the_reading_of_a_package_ends_once_nobody_waits():
    asked = []

    def is_stopped():
        asked.append(True)
        return len(asked) > 1

    with pytest.raises(ReadingStopped):
        read_package(a_package(objects__Car=CAR, picklists__Colour=COLOUR), is_stopped)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "body", ["is_profile: true\n", "includes: [Managers]\n", None], ids=["profile", "more", "none"]
)
def test_a_package_gives_people_no_more_than_it_brings(body):
    steps = "steps: [{assign_permission_set: Driver, to: everyone}]\n"
    files = {**a_package(), "package.yaml": MANIFEST + steps}
    if body is not None:
        files["permission_sets/Driver.yaml"] = "label: Driver\n" + body

    ((at, _),) = problems_in(files)

    assert at == "package.yaml#/steps/0/assign_permission_set"
