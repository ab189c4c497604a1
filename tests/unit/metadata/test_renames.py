"""Whoever names a component follows when it gets another name."""

from __future__ import annotations

import pytest

from fieldstone.metadata.component import Component
from fieldstone.metadata.renames import renamed
from fieldstone.metadata.scope import Scope

MACHINE = Component("object", "Machine__c", {"label": "Machine", "aliases": ["Device"]})
SERIAL = Component("field", "Machine__c.serial", {"object": "Machine__c", "type": "text"})


def after(component: Component, target: Component, name: str) -> Component:
    """Give a component as it reads once the target has another name."""
    return renamed(component, target, name, Scope([MACHINE, SERIAL, component]))


@pytest.mark.parametrize("written", ["Machine__c", "machine__c", "Machine", "machine"])
def test_a_reference_follows_however_it_was_written(written: str) -> None:
    lookup = Component("field", "Visit__c.machine", {"type": "lookup", "references": written})

    assert after(lookup, MACHINE, "Engine__c").body["references"] == "Engine__c"


def test_an_alias_stays_since_it_still_means_the_object() -> None:
    lookup = Component("field", "Visit__c.machine", {"type": "lookup", "references": "Device"})

    assert after(lookup, MACHINE, "Engine__c").body["references"] == "Device"


def test_one_of_several_targets_follows() -> None:
    body = {"type": "polymorphic", "references": ["Company", "Machine"]}
    lookup = Component("field", "Visit__c.about", body)

    assert after(lookup, MACHINE, "Engine__c").body["references"] == ["Company", "Engine__c"]


@pytest.mark.parametrize("written", ["Machine__c", "Machine", "Device"])
def test_an_attach_rule_follows_a_field(written: str) -> None:
    body = {
        "object": "Ticket",
        "field": "machine",
        "source": "serial",
        "target": written,
        "target_field": "serial",
    }
    rule = Component("attach_rule", "ticket_machine", body)

    assert after(rule, SERIAL, "Machine__c.number").body == {**body, "target_field": "number"}
