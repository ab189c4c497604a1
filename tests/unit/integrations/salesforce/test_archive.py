"""Zips of strangers, and the two ways in which packages are laid out."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest

from fieldstone.errors import InvalidInput
from fieldstone.integrations.salesforce import archive, elements
from fieldstone.integrations.salesforce.elements import parse_xml
from fieldstone.integrations.salesforce.items import read_source
from fieldstone.integrations.salesforce.report import Outcome
from fieldstone.integrations.salesforce.sample_data import read_sample_data
from tests.support.salesforce_packages import field_xml, fields_of, xml

TEXT = "<type>Text</type><length>9</length>"


def zipped(*members: tuple[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Give a zip of members."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", packed) as made:
        for name, data in members:
            made.writestr(name, data)
    return written.getvalue()


@pytest.mark.parametrize(
    "sent",
    [
        b"no zip",
        zipped(),
        zipped(("../objects/A.object", b"")),
        zipped(("/etc/A.object", b"")),
        zipped(("objects/A.object", b"0" * (archive.MAX_FILE_BYTES + 1))),
        zipped(("objects/A.object", b"0"), packed=zipfile.ZIP_BZIP2),
        zipped(("objects/A.object", b"0"), packed=zipfile.ZIP_LZMA),
        zipped(*((f"a/{number}.txt", b"") for number in range(archive.MAX_FILES + 1))),
    ],
    ids=["no zip", "empty", "upwards", "absolute", "bomb", "bzip2", "lzma", "many"],
)
def test_zips_that_are_none_or_mean_harm_are_refused(sent):
    with pytest.raises(archive.BadArchive):
        archive.read_zip(sent)


@pytest.mark.parametrize(
    "text",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><CustomField>&b;</CustomField>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><CustomField/>',
        b"<a>" * 100 + b"</a>" * 100,
        b"<a>",
        b'<?xml version="1.0" encoding="foo"?><a/>',
        b'<?xml version="1.0" encoding="shift_jis"?><a/>',
    ],
)
def test_xml_that_declares_or_nests_what_no_file_does_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_xml(text)


@pytest.mark.parametrize("said", ["--5", "9" * 5_000, "5.5", "", "\u0665"])
def test_what_is_no_number_of_any_use_is_none(said):
    assert (
        elements.number_of(parse_xml(f"<a><length>{said}</length></a>".encode()), "length") is None
    )


def test_json_that_is_nested_without_end_says_nothing():
    nested = b"[" * 100_000
    files = {"sfdx-project.json": nested, "objects/A.object": xml("CustomObject", "")}

    assert read_source(files).project == {}
    assert read_sample_data({"a.json": nested}) == ()


def test_damaged_zips_are_refused_whatever_is_damaged():
    whole = zipped(("objects/A.object", b"<a/>"), ("objects/B.object", b"<b/>" * 50))

    for place in range(len(whole)):
        for byte in (0x00, 0xFF, whole[place] ^ 0x08):
            with contextlib.suppress(archive.BadArchive):
                archive.read_zip(whole[:place] + bytes([byte]) + whole[place + 1 :])


def test_all_files_of_a_zip_share_the_bytes_that_it_may_unpack_to(monkeypatch):
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 1_000)
    members = [(f"objects/A{number}.object", b"0" * 300) for number in range(4)]

    assert len(archive.read_zip(zipped(*members[:3]))) == 3
    with pytest.raises(archive.BadArchive, match="unpacks to more"):
        archive.read_zip(zipped(*members))


def test_all_files_of_a_package_share_the_elements_that_are_read(monkeypatch):
    monkeypatch.setattr(elements.Allowance.__init__, "__defaults__", (1_000,))
    files = {
        f"objects/A{number}.object": xml("CustomObject", "<a b='c'/>" * 200) for number in range(3)
    }

    with pytest.raises(elements.TooManyElements):
        read_source(files)
    assert read_source(dict(list(files.items())[:2])).items


def test_both_layouts_give_the_same_items():
    source = fields_of("Account", Foo__c=TEXT, Bar__c=TEXT)
    inside = "".join(f"<fields>{field_xml(name, TEXT)}</fields>" for name in ("Foo__c", "Bar__c"))
    metadata = {"src/objects/Account.object": xml("CustomObject", inside)}

    found = [
        [(item.type, item.name) for item in read_source(files).of_type("CustomField")]
        for files in (source, metadata)
    ]

    assert found[0] == found[1] == [("CustomField", f"Account.{n}__c") for n in ("Bar", "Foo")]


def test_tokens_of_namespaces_are_filled_in_and_files_elsewhere_are_told():
    files = {
        "sfdx-project.json": b'{"packageDirectories": [{"path": "./one"}, {"path": "two/main"}]}',
        "one/objects/___NAMESPACE___A__c/___NAMESPACE___A__c.object-meta.xml": xml(
            "CustomObject", "<label>%%%NAMESPACE%%%Thing</label>"
        ),
        "two/main/objects/%%%NAMESPACE%%%A__c/fields/B__c.field-meta.xml": xml(
            "CustomField", field_xml("%%%NAMESPACE%%%B__c", TEXT)
        ),
        "three/objects/C__c.object": xml("CustomObject", ""),
        "one/classes/D.cls-meta.xml": xml("ApexClass", ""),
        "one/objects/Broken__c.object": b"<CustomObject>",
    }

    source = read_source(files)

    assert [item.name for item in source.items] == ["A__c.B__c", "A__c"]
    assert source.items[1].xml.findtext("label") == "Thing"
    outcomes = {line.name: line.outcome for line in source.lines}
    assert outcomes == {
        "C__c": Outcome.NOT_APPLICABLE,
        "D": Outcome.NOT_APPLICABLE,
        "Broken__c": Outcome.FAILED,
    }
