"""Giving a field another type costs four actions: its type, the new one, a number, and the deed."""

from __future__ import annotations

import httpx
from playwright.sync_api import Page, expect


def test_type_of_a_field_is_changed_in_four_actions(page: Page, site: str) -> None:
    with httpx.Client(base_url=site, timeout=60) as http:
        fields = [{"name": "name", "type": "text"}, {"name": "size", "type": "text"}]
        assert http.post("/api/objects", json={"name": "Crate", "fields": fields}).is_success
        crates = [{"name": "One", "size": "12"}, {"name": "Two", "size": "plenty"}]
        assert http.post("/api/records/Crate__c", json=crates).is_success
        page.goto("/admin/objects/Crate__c")

        page.get_by_role("link", name="Type of Size").click()
        page.get_by_label("Number", exact=True).check()
        page.get_by_label("How many values may be lost").fill("1")
        page.get_by_role("button", name="Change the type").click()

        expect(page.get_by_role("link", name="Type of Size: Number")).to_be_visible()
        assert http.delete("/api/objects/Crate").is_success
