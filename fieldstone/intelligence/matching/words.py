"""Words that say little, and words that are written in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LEGAL_FORMS: Final = _words(
    """
    inc incorporated corp corporation co company companies llc lc ltd limited llp lp lllp pllc pc
    plc gmbh mbh ag kg kgaa ug ohg gbr ev se sa sas sarl sasu eurl snc spa srl sl slu sau bv nv vof
    cv ab oy oyj as asa aps a/s hf ehf kft zrt bt doo dd ad ooo oao zao pjsc jsc sro spol pte pty
    sdn bhd kk yk cc npc ltda eireli sapi cvba sprl vzw asbl ulc holding holdings group the and of
    a an at for in on und et y i
    """
)
"""Legal forms, and the small words that come and go in names."""

NAME_WORDS: Final[Mapping[str, str]] = {
    "assoc": "association",
    "assn": "association",
    "bros": "brothers",
    "ctr": "center",
    "centre": "center",
    "cntr": "center",
    "centers": "center",
    "chldrn": "children",
    "childrens": "children",
    "comm": "community",
    "dept": "department",
    "dev": "development",
    "devel": "development",
    "ed": "education",
    "elem": "elementary",
    "engr": "engineering",
    "ent": "enterprises",
    "ft": "fort",
    "grp": "group",
    "hosp": "hospital",
    "inst": "institute",
    "intl": "international",
    "int": "international",
    "jr": "junior",
    "lrng": "learning",
    "mfg": "manufacturing",
    "mgmt": "management",
    "mt": "mount",
    "mtn": "mountain",
    "natl": "national",
    "org": "organization",
    "organisation": "organization",
    "presch": "preschool",
    "sch": "school",
    "schools": "school",
    "soc": "society",
    "srv": "services",
    "svc": "services",
    "svcs": "services",
    "service": "services",
    "st": "saint",
    "tech": "technology",
    "technologies": "technology",
    "univ": "university",
    "theatre": "theater",
}

PERSON_TITLES: Final = _words(
    "mr mrs ms miss mx dr prof sir dame rev fr herr frau mme mlle sr jr ii iii iv phd md esq"
)

NICKNAMES: Final[Mapping[str, str]] = {
    nick: name
    for name, nicks in {
        "alexander": "alex sasha",
        "andrew": "andy drew",
        "anthony": "tony",
        "barbara": "barb",
        "benjamin": "ben benny",
        "catherine": "cathy kate katie katherine kathy kathryn",
        "charles": "charlie chuck",
        "christine": "chris tina christina",
        "christopher": "chris",
        "daniel": "dan danny",
        "david": "dave",
        "deborah": "deb debbie",
        "donald": "don donny",
        "edward": "ed eddie ted",
        "elizabeth": "liz beth betty lizzie",
        "frederick": "fred freddy",
        "gregory": "greg",
        "james": "jim jimmy jamie",
        "jennifer": "jen jenny",
        "jessica": "jess",
        "jonathan": "jon",
        "joseph": "joe joey",
        "kenneth": "ken kenny",
        "lawrence": "larry",
        "margaret": "maggie meg peggy",
        "matthew": "matt",
        "michael": "mike mick mickey",
        "nicholas": "nick",
        "pamela": "pam",
        "patricia": "pat patty trish",
        "patrick": "pat paddy",
        "peter": "pete",
        "philip": "phil phillip",
        "rebecca": "becky",
        "richard": "rick dick rich ricky",
        "robert": "bob rob bobby robbie bert",
        "ronald": "ron",
        "samuel": "sam",
        "stephen": "steve steven",
        "susan": "sue suzy",
        "theodore": "ted teddy",
        "thomas": "tom tommy",
        "timothy": "tim",
        "victoria": "vicky tori",
        "vincent": "vince",
        "walter": "walt",
        "william": "bill billy will willy liam",
    }.items()
    for nick in nicks.split()
}

DIRECTIONS: Final[Mapping[str, str]] = {
    written: short
    for short, spellings in {
        "n": "n north no",
        "s": "s south so",
        "e": "e east",
        "w": "w west",
        "ne": "ne northeast",
        "nw": "nw northwest",
        "se": "se southeast",
        "sw": "sw southwest",
    }.items()
    for written in spellings.split()
}

ADDRESS_WORDS: Final[Mapping[str, str]] = {
    "av": "avenue",
    "ave": "avenue",
    "aven": "avenue",
    "blvd": "boulevard",
    "boul": "boulevard",
    "bd": "boulevard",
    "cir": "circle",
    "ct": "court",
    "crt": "court",
    "dr": "drive",
    "drv": "drive",
    "expy": "expressway",
    "fwy": "freeway",
    "hwy": "highway",
    "ln": "lane",
    "pk": "park",
    "pkwy": "parkway",
    "pky": "parkway",
    "pl": "place",
    "plz": "plaza",
    "pt": "point",
    "rd": "road",
    "sq": "square",
    "st": "street",
    "str": "street",
    "ter": "terrace",
    "terr": "terrace",
    "tr": "trail",
    "trl": "trail",
    "mt": "mount",
    "ft": "fort",
    "mlk": "king",
    "martin": "",
    "luther": "",
    "jr": "",
}

STREET_TYPES: Final = _words(
    """
    street avenue boulevard circle court drive expressway freeway highway lane parkway place plaza
    road square terrace trail way strasse weg platz rue calle via
    """
) | frozenset([""])

SHARED_HOSTS: Final = _words(
    """
    facebook.com fb.com linkedin.com twitter.com x.com instagram.com youtube.com google.com
    sites.google.com wordpress.com blogspot.com wixsite.com weebly.com squarespace.com github.io
    yelp.com tumblr.com yahoo.com aol.com msn.com bit.ly linktr.ee
    """
)
"""Hosts on which many people and firms have a page."""
