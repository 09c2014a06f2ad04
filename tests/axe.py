"""axe-core, which looks for what keeps people from using a page: fetched once, by its hash, and kept for later runs."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from chromium import Browser

PINS = Path(__file__).with_name("axe.txt")
GRAVE = ("serious", "critical")


def axe_script(cache: Path) -> str | None:
    """Text of axe-core; None where it can't be fetched.

    Parameters
    ----------
    cache : Path
        Folder below which it is kept.
    """
    folder = cache / f"axe-{hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]}"
    script = folder / "axe_playwright_python" / "axe.min.js"
    if not script.exists():
        # the package's own needs are a browser driver, which we have no use for
        wanted = ["--no-deps", "--require-hashes", "--target", str(folder), "-r", str(PINS)]
        done = subprocess.run([sys.executable, "-m", "pip", "install", "-q", *wanted], capture_output=True)
        if done.returncode:
            return None
    return script.read_text("utf-8")


def faults(browser: Browser, script: str) -> list[tuple[str, str]]:
    """Rule and place of what axe calls serious or worse on the page that is open."""
    browser.run(f"{script};0")
    told = browser.run(
        "axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify(found.violations))"
    )
    violations: list[dict[str, Any]] = json.loads(told)
    return [
        (rule["id"], " ".join(map(str, node["target"])))
        for rule in violations
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]
