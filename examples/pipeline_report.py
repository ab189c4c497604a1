"""The open pipeline by stage, asked over HTTP: python3 examples/pipeline_report.py [ADDRESS]."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any
from urllib.request import Request, urlopen

QUERY = """
SELECT stage, probability, COUNT(id) deals, SUM(value) total FROM Deal
WHERE stage NOT IN ('Closed Won', 'Closed Lost')
GROUP BY stage, probability ORDER BY probability
"""


def ask(address: str, query: str) -> list[dict[str, Any]]:
    """Give the records of an answer; numbers with a point as decimals."""
    body = json.dumps({"q": query}).encode()
    request = Request(f"{address}/api/query", body)  # noqa: S310 - the caller's own server
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        records: list[dict[str, Any]] = json.load(answer, parse_float=Decimal)["records"]
    return records


def report(rows: list[dict[str, Any]]) -> str:
    """Give the stages as a table, with what each is worth by its probability."""
    lines = [f"{'Stage':<12}{'Deals':>8}{'Value':>11}{'Weighted':>11}"]
    deals, total, weighted = 0, Decimal(0), Decimal(0)
    for row in rows:
        worth = Decimal(row["total"]) * row["probability"] / 100
        lines.append(f"{row['stage']:<12}{row['deals']:>8}{row['total']:>11,.0f}{worth:>11,.0f}")
        deals, total, weighted = deals + row["deals"], total + row["total"], weighted + worth
    lines.append(f"{'Total':<12}{deals:>8}{total:>11,.0f}{weighted:>11,.0f}")
    return "\n".join(lines)


if __name__ == "__main__":
    server = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    sys.stdout.write(report(ask(server, QUERY)) + "\n")
