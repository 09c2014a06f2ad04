"""Nothing that a client can send makes the service fail: the whole document fuzzed, as the public and with a key."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from serving import Service

SECONDS = 35
LEAST_REQUESTS = 300


@pytest.mark.parametrize("role", [None, "staff"], ids=["public", "staff"])
def test_no_request_makes_it_fail(own_service: Service, conformance: Path, tmp_path: Path, role: str | None) -> None:
    """Values at and beyond every limit that the document names, then random ones, until the time is spent."""
    report = tmp_path / "report.json"
    key = ["--header", f"X-API-Key: {own_service.keys[role]}"] if role else []
    done = subprocess.run(
        [conformance / "schemathesis", "run", f"{own_service.base_url}/openapi?f=json", *key,
         "--checks", "not_a_server_error", "--phases", "coverage,fuzzing", "--max-time", str(SECONDS),
         "--max-examples", "20", "--seed", "1", "--workers", "1", "--request-timeout", "30", "--no-color",
         "--warnings", "off", "--output-sanitize", "true", "--report", "json", "--report-json-path", report],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS + 90,
    )  # fmt: skip
    said = (done.stdout + done.stderr)[-6000:]
    assert report.exists(), said
    found = json.loads(report.read_text("utf-8"))
    assert done.returncode == 0 and not found["failures"] and not found["errors"], said
    assert found["operations"]["tested"] >= 0.9 * found["operations"]["selected"]
    assert found["test_cases"]["generated"] >= LEAST_REQUESTS
    # what fails inside is said by a reference to the log, whatever status it went out with
    assert " ERROR " not in own_service.log.read_text("utf-8", "replace")
