"""Every comparison of bench/ runs, at a size that says nothing of speed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.source import ROOT

PATIENCE_S = 180


def told(module: str, *options: str) -> str:
    """Run a comparison and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *options],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_storage_is_compared() -> None:
    shown = told("bench.storage", "--rows", "200", "--rounds", "2", "--tenants", "3")

    assert "| 12 list of a small tenant |" in shown
    assert shown.count("| 9d update a field without one |") == 2


@pytest.mark.slow
def test_queries_by_text_are_compared() -> None:
    shown = told("bench.query", "--rows", "200", "--rounds", "2", "--tenants", "3")

    assert "| 12 list of a small tenant |" in shown
    assert shown.count("| formula field in ORDER BY, top 50 |") == 3
    assert "Overhead of a cached query" in shown


@pytest.mark.slow
def test_http_is_compared() -> None:
    shown = told("bench.http", "--rows", "200", "--seconds", "0.1", "--turns", "1")

    assert "| aggregate by stage |" in shown
    assert "| create 200 |" in shown


@pytest.mark.slow
def test_roll_ups_are_compared() -> None:
    shown = told(
        "bench.rollups",
        *("--rows", "200", "--rounds", "2", "--seconds", "0.3", "--turns", "1"),
    )

    assert "| 0.7 | 0.00 |" in shown, "the roll-ups are what the writers know"
    assert shown.count("| sorted by it |") == 4


@pytest.mark.slow
def test_exports_are_compared() -> None:
    shown = told("bench.query_export", "--rows", "500", "--tenants", "2")

    assert "| asyncpg, COPY |" in shown
    assert "| XLSX |" in shown


@pytest.mark.slow
def test_tenants_are_measured() -> None:
    shown = told("bench.tenants", "--rows", "3", "--sign-ups", "2")

    assert "First request of a tenant: median" in shown
    assert "4 at a time median" in shown


@pytest.mark.slow
def test_catalogs_are_measured() -> None:
    shown = told("bench.catalog")

    assert "| 50 x 40 | 50 | 2000 |" in shown


@pytest.mark.slow
def test_the_start_is_measured() -> None:
    shown = told("bench.start", "--rows", "1")

    assert "| fieldstone.platform.web | 1 |" in shown
