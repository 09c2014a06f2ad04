"""Nothing that a client can send makes the service fail: the whole document fuzzed, as the public and with a key."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from serving import Service

RUNS = {"public": (None, "GET", 25), "staff": ("staff", "GET", 25), "processes": ("staff", "POST", 20)}
"""Role, method and seconds of each run. A process may take a second, so they don't share the time of the rest."""


@pytest.mark.parametrize(("role", "method", "seconds"), RUNS.values(), ids=RUNS)
def test_no_request_makes_it_fail(
    own_service: Service, conformance: Path, tmp_path: Path, role: str | None, method: str, seconds: int
) -> None:
    """Values at and beyond every limit that the document names, then random ones, until the time is spent."""
    found = asked(own_service, conformance, tmp_path, role, method, seconds)
    if 2 * found["operations"]["tested"] <= found["operations"]["selected"]:
        # on a busy machine the time is over before the last operation's turn
        found = asked(own_service, conformance, tmp_path, role, method, 6 * seconds)
    assert 2 * found["operations"]["tested"] > found["operations"]["selected"] > 0
    assert found["test_cases"]["generated"] >= found["operations"]["tested"]
    # what fails inside is said by a reference to the log, whatever status it went out with
    assert " ERROR " not in own_service.log.read_text("utf-8", "replace")


def asked(
    own_service: Service, conformance: Path, tmp_path: Path, role: str | None, method: str, seconds: int
) -> dict[str, Any]:
    """Report of so many seconds of asking, in which nothing went wrong."""
    report = tmp_path / f"report-{seconds}.json"
    key = ["--header", f"X-API-Key: {own_service.keys[role]}"] if role else []
    done = subprocess.run(
        [conformance / "schemathesis", "run", f"{own_service.base_url}/openapi?f=json", *key,
         "--include-method", method, "--checks", "not_a_server_error", "--phases", "coverage,fuzzing",
         "--max-time", str(seconds), "--max-examples", "20", "--seed", "1", "--workers", "1", "--request-timeout", "30",
         "--no-color", "--warnings", "off", "--output-sanitize", "true", "--report", "json",
         "--report-json-path", report],
        cwd=tmp_path, capture_output=True, text=True, timeout=seconds + 90,
    )  # fmt: skip
    said = (done.stdout + done.stderr)[-6000:]
    assert report.exists(), said
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    assert done.returncode == 0 and not found["failures"] and not found["errors"], said
    return found
