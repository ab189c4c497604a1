"""What columns are called in other people's files, by the name of the field or part they fill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "account_number": ("customer number", "customer no", "account no", "client number"),
    "amount": ("value", "deal value", "deal amount", "opportunity amount", "total", "price"),
    "annual_revenue": ("revenue", "turnover", "yearly revenue", "annual sales"),
    "birthday": ("date of birth", "dob", "birth date", "born", "geburtstag"),
    "city": ("town", "locality", "suburb", "ort", "stadt", "ville", "ciudad"),
    "close_date": ("expected close", "closing date", "expected close date", "close"),
    "company": (
        *("company name", "organization", "organisation", "employer", "account", "firm"),
        *("account name", "organization name", "business", "firma", "empresa", "workplace"),
    ),
    "country": ("country region", "country name", "nation", "land", "pays", "pais"),
    "department": ("dept", "division", "team", "abteilung"),
    "description": ("notes", "note", "comments", "comment", "remarks", "about", "bemerkung"),
    "domain": ("email domain", "company domain", "domain name", "company domain name"),
    "email": (
        *("e mail", "mail", "email address", "e mail address", "email id", "mail address"),
        *("work email", "business email", "primary email", "contact email", "correo", "courriel"),
    ),
    "employees": (
        *("number of employees", "no of employees", "headcount", "staff", "employee count"),
        *("num employees", "company size", "mitarbeiter"),
    ),
    "external_id": ("external id", "ext id", "source id", "legacy id", "foreign id", "import id"),
    "fax": ("fax number", "fax no", "telefax", "facsimile"),
    "first": ("first name", "given name", "forename"),
    "first_name": ("first", "given name", "forename", "fname", "vorname", "prenom", "nombre"),
    "industry": ("sector", "branch", "line of business", "vertical", "branche"),
    "last": ("last name", "surname", "family name"),
    "last_name": ("last", "surname", "family name", "lname", "nachname", "nom", "apellido"),
    "linkedin": ("linkedin url", "linkedin profile", "linkedin profile url"),
    "mobile": ("mobile", "cell", "cell phone", "mobile number", "mobile phone", "cellphone"),
    "other_email": ("secondary email", "email 2", "alternate email", "personal email"),
    "owner": ("assigned to", "account owner", "record owner", "sales rep", "responsible"),
    "parent": ("parent company", "parent account", "head office", "parent organization"),
    "phone": (
        *("telephone", "tel", "phone number", "telephone number", "phone no", "tel no"),
        *("work phone", "business phone", "office phone", "main phone", "telefon", "telefono"),
    ),
    "postal_code": (
        *("zip", "zip code", "zipcode", "postcode", "post code", "postal", "plz"),
        *("zip postal code", "postleitzahl", "code postal"),
    ),
    "probability": ("chance", "win probability", "likelihood"),
    "role": ("contact role", "part"),
    "source": ("lead source", "origin", "channel"),
    "stage": ("deal stage", "sales stage", "pipeline stage", "opportunity stage"),
    "state": ("province", "state province", "state region", "bundesland", "region"),
    "street": (
        *("address", "street address", "address 1", "address line 1", "address1", "road"),
        *("mailing address", "street 1", "strasse", "adresse", "direccion", "rue"),
    ),
    "title": ("job title", "position", "function", "occupation", "jobtitle"),
    "website": (
        *("web", "web site", "url", "homepage", "home page", "web address", "web page"),
        *("company website", "site url", "website url", "internet", "webseite"),
    ),
}

NAME_SYNONYMS: Final = (
    *("company name", "account name", "site name", "organization", "organisation", "company"),
    *("organization name", "organisation name", "business name", "display name", "legal name"),
    *("client", "client name", "customer", "customer name", "title", "subject", "nom", "nombre"),
)
"""What the column with the name of a thing is called."""

PERSON_NAME_SYNONYMS: Final = (
    *("full name", "contact name", "display name", "person", "person name", "client", "customer"),
    *("client name", "customer name", "nom complet", "nombre completo"),
)
"""What the column with the name of a person is called."""
