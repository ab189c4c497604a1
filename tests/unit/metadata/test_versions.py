"""Which versions of a package will do."""

from __future__ import annotations

import pytest

from fieldstone.metadata.versions import fits, read_version

IN_ORDER = (
    "0.9.9",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-beta",
    "1.0.0",
    "1.0.1-rc",
    "1.0.1",
    "1.10.0",
    "2.0.0",
)


def test_versions_stand_in_the_order_of_semantic_versioning():
    backwards = IN_ORDER[::-1]

    assert sorted(backwards, key=read_version) == list(IN_ORDER)


@pytest.mark.parametrize(
    ("wanted", "those"),
    [
        (">=1.2 <2", "1.2.0 1.9.4"),
        ("<2 >1.2", "1.9.4"),
        ("<=1.2", "0.1.0 0.2.3 0.2.9 0.3.0 1.0.0 1.1.9 1.2.0-beta 1.2.0"),
        ("^1.1.9", "1.1.9 1.2.0-beta 1.2.0 1.9.4"),
        ("^0.2.3", "0.2.3 0.2.9"),
        ("^0", "0.1.0 0.2.3 0.2.9 0.3.0"),
        ("~1.2", "1.2.0"),
        ("~0.2.9", "0.2.9"),
        ("~1", "1.0.0 1.1.9 1.2.0-beta 1.2.0 1.9.4"),
        ("1", "1.0.0 1.1.9 1.2.0-beta 1.2.0 1.9.4"),
        ("=2.0.0", "2.0.0"),
    ],
)
def test_a_range_takes_just_the_versions_that_will_do(wanted, those):
    all_of_them = "0.1.0 0.2.3 0.2.9 0.3.0 1.0.0 1.1.9 1.2.0-beta 1.2.0 1.9.4 2.0.0-rc 2.0.0"

    assert [one for one in all_of_them.split() if fits(one, wanted)] == those.split()
