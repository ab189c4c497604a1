"""Mappings are proposed from what columns are called and from what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.metadata.values import Json
from fieldstone.runtime.imports.mapping import show_mapping
from fieldstone.runtime.imports.proposing import look_at, propose
from fieldstone.runtime.imports.source import open_source
from tests.support.crm_catalog import crm_catalog


def proposed(tmp_path: Path, obj: str, text: str) -> Mapping[str, Json]:
    """Give the mapping that is proposed for a file."""
    path = tmp_path / "list.csv"
    path.write_text(text)
    columns = look_at(open_source(path))
    return show_mapping(propose(crm_catalog().get_object(obj), columns, ADMINISTRATOR).mapping)


def test_usual_headers_of_contacts_are_known(tmp_path: Path):
    text = "First Name,Last Name,E-mail,Work Phone,Cell,Company,Job Title,Zip,City,Street\n"
    text += "Ann,Lee,ann@acme.com,312 555 0100,312 555 0101,Acme,Buyer,60607,Chicago,1 Main St\n"
    assert proposed(tmp_path, "Contact", text) == {
        "First Name": "first_name",
        "Last Name": "last_name",
        "E-mail": "email",
        "Work Phone": "phone",
        "Cell": "mobile",
        "Company": "company",
        "Job Title": "title",
        "Zip": "address.postal_code",
        "City": "address.city",
        "Street": "address.street",
    }


@pytest.mark.parametrize(
    ("obj", "header", "field"),
    [
        ("Contact", "FullName", "name"),
        ("Contact", "e_mail_address", "email"),
        ("Contact", "LastName", "last_name"),
        ("Contact", "AccountId", "company"),
        ("Company", "Site name", "name"),
        ("Company", "Account Name", "name"),
        ("Company", "Web site", "website"),
        ("Company", "Number of Employees", "employees"),
        ("Company", "Adress", "address"),
        ("Company", "Shipping City", "shipping_address.city"),
        ("Deal", "Deal Name", "name"),
    ],
)
def test_a_header_finds_its_field(tmp_path: Path, obj: str, header: str, field: str):
    values = {"email": "ann@acme.com", "website": "acme.com", "employees": "12"}
    value = values.get(field, "1 Main St, Chicago, IL 60607" if field == "address" else "Acme")
    assert proposed(tmp_path, obj, f'{header}\n"{value}"\n') == {header: field}


@pytest.mark.parametrize("header", ["Program Name", "Director", "Id", "Length of Day"])
def test_a_header_of_something_else_finds_nothing(tmp_path: Path, header: str):
    assert proposed(tmp_path, "Company", f"{header}\n1\n2\n") == {}


def test_values_that_cannot_be_read_speak_against_a_header(tmp_path: Path):
    rows = "No\n" * 20 + "www.acme.com\n"
    assert proposed(tmp_path, "Company", "Website\n" + rows) == {}


def test_values_that_are_plainly_addresses_speak_for_themselves(tmp_path: Path):
    rows = "".join(f"person{n}@acme.com\n" for n in range(20))
    assert proposed(tmp_path, "Company", "Column 9\n" + rows) == {"Column 9": "email"}


def test_a_whole_address_in_one_column_stays_whole(tmp_path: Path):
    rows = '"1 Main St, Chicago, IL 60607"\n' * 5
    assert proposed(tmp_path, "Company", "Address\n" + rows) == {"Address": "address"}


def test_an_export_is_read_back_by_its_ids(tmp_path: Path):
    text = "id,name,parent.id,parent.name\ncompany_1a2b,Acme,company_1a2c,Acme Group\n"
    found = proposed(tmp_path, "Company", text)
    assert found == {"id": "id", "name": "name", "parent.id": "parent"}
