"""The reference page of field types shows values that the types store."""

from __future__ import annotations

import pytest

from docs.reference_pages.field_types import EXAMPLES
from fieldstone.metadata.field_types.options import build_options
from fieldstone.metadata.field_types.registry import FIELD_TYPES


@pytest.mark.parametrize("name", [kind.name for kind in FIELD_TYPES.values() if kind.definable])
def test_the_example_of_a_type_is_a_value_that_it_stores(name):
    field_type, (said, value) = FIELD_TYPES[name], EXAMPLES[name]
    options = build_options(field_type, said)

    assert field_type.encode(field_type.accept(value, options)) == value
