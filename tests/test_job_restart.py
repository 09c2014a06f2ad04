"""Jobs outlive a stop of everything, whether they have ended or still wait."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from working import ASYNC, EXAMPLE, until

from config.machine.ports import free_port
from config.settings import PROJECT


def children(pid: int) -> list[int]:
    """Numbers of the processes below a process; none when it is gone."""
    try:
        return [int(found) for found in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def command(pid: int) -> bytes:
    """Command line of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_jobs_outlive_the_service_and_the_database(
    wangge: Callable[..., subprocess.CompletedProcess[str]], data_dir: Path
) -> None:
    """One job has ended and one still waits when everything stops; both are there afterwards, and the second runs."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"

    def up(workers: int) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "config.cli", "up", "--empty", "--detach", "--port", str(port)], cwd=PROJECT,
            env={
                "PATH": os.environ["PATH"], "WANGGE_DATA_DIR": str(data_dir), "WANGGE_WORKERS": "1",
                "WANGGE_JOB_WORKERS": str(workers),
            },
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    with requests.Session() as session:
        session.trust_env = False

        def post() -> str:
            answer = session.post(
                f"{base}/processes/explain-code/execution", json={"inputs": EXAMPLE}, headers=ASYNC, timeout=60
            )
            assert answer.status_code == 201, answer.text
            return answer.headers["Location"]

        def has_ended(address: str) -> dict[str, Any] | None:
            found: dict[str, Any] = session.get(address, timeout=60).json()
            return found if "finished" in found else None

        up(1)
        first = post()
        before = until(lambda: has_ended(first))
        assert before["status"] == "successful"
        result = session.get(f"{first}/results", timeout=60).content
        assert wangge("down").returncode == 0

        up(0)
        second = post()
        assert wangge("down").returncode == 0

        up(1)
        assert session.get(first, timeout=60).json() == before
        assert session.get(f"{first}/results", timeout=60).content == result
        assert until(lambda: has_ended(second))["status"] == "successful"
        assert session.get(f"{second}/results", timeout=60).content == result

        watcher = json.loads((data_dir / "service.json").read_text("utf-8"))["pid"]
        (worker,) = (pid for pid in children(watcher) if b"config.jobs.worker" in command(pid))
        os.kill(worker, signal.SIGKILL)
        third = post()  # the service starts another worker
        assert until(lambda: has_ended(third))["status"] == "successful"
        assert wangge("down").returncode == 0
        until(lambda: not any(b"config.jobs.worker" in command(pid) for pid in children(watcher)))
