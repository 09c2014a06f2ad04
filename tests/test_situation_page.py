"""The page of the situation: who sees it, that it says what the process says, and what it refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest

ROW = re.compile(
    r'<tr>\s*<td class="number">(\d+|–)</td>\s*<th scope="row"><a href="[^"]*/items/(\d+)\?f=html">([^<]+)</a>'
)
POINTS = re.compile(r'<td class="bar points">.*?<span>([\d.]+)</span>', re.DOTALL)


def told(page: str) -> list[tuple[str, str, str]]:
    """Rank, code and name of each row."""
    return ROW.findall(page)


@pytest.mark.parametrize(("language", "word"), [("zh", "运行态势"), ("en", "Situation")])
def test_it_says_what_the_process_says(service: Any, language: str, word: str) -> None:
    page = service.get(f"/situation?month=2025-11&level=village&lang={language}", "staff")
    assert page.status_code == 200
    assert f"<h1>{word} <small>2025-11</small></h1>" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    inputs = {"levels": ["village"], "from_day": "2025-11-01", "to_day": "2025-11-30"}
    answer = service.request("POST", "/processes/grid-indicators/execution", "staff", json={"inputs": inputs}).json()
    rows = [f["properties"] for f in answer["features"]]
    assert told(page.text) == [(str(row["rank"] or "–"), row["code"], row["name"]) for row in rows]
    points = [row["points"] for row in rows if row["points"] is not None]
    assert [float(text) for text in POINTS.findall(page.text)] == points
    for asset in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text):
        assert service.get(asset).status_code == 200


def test_it_is_for_staff_and_staff_of_a_township_see_theirs(service: Any) -> None:
    refused = service.get("/situation", headers={"Accept": "text/html"})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    assert 'href="/situation"' not in service.get("/?f=html").text
    whole, own = service.get("/situation", "staff").text, service.get("/situation", "township").text
    assert len(told(whole)) == 16
    assert [code for _, code, _ in told(own)] == [service.township]
    assert 'href="/situation"' in service.get("/?f=html", "staff").text


@pytest.mark.parametrize("query", ["month=2025-13", "month=x", "month=9999-12", "level=street"])
def test_what_there_is_not_is_refused(service: Any, query: str) -> None:
    assert service.get(f"/situation?{query}", "staff").status_code == 400
    assert service.get("/situation?month=1999-01", "staff").status_code == 200
