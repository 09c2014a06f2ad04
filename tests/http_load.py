"""Load on an HTTP server for a few seconds: by wrk, or by threads of Python where wrk is not installed."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CONNECTIONS = 8
PATIENCE_S = 20

# The addresses come from a file, one after the other and round again, from where the run before left off.
_SCRIPT = """
local requests, at = {}, 0
function init(arguments)
  for line in io.lines(arguments[1]) do requests[#requests + 1] = wrk.format("GET", line) end
  at = tonumber(arguments[2]) % #requests
end
function request() at = at % #requests + 1; return requests[at] end
function done(summary, latency)
  local e = summary.errors
  local failed = e.status + e.connect + e.read + e.write + e.timeout
  local p99 = latency:percentile(99) / 1000
  io.write(string.format("\\nRESULT %d %d %d %.3f\\n", summary.requests, summary.duration, failed, p99))
end
"""


@dataclass(frozen=True)
class Load:
    """What a server bore.

    Attributes
    ----------
    rate : float
        Answers a second.
    answers, failed : int
        Answers in all; those among them with a status of 400 or more, and requests without an answer.
    p99_ms : float
        Time within which 99 of 100 answers came, in milliseconds.
    """

    rate: float
    answers: int
    failed: int
    p99_ms: float


def load(base_url: str, paths: Sequence[str], seconds: float, first: int = 0) -> Load:
    """Ask for addresses over 8 connections for some seconds.

    Parameters
    ----------
    base_url : str
        Of the server, without a slash at the end.
    paths : sequence of str
        Path and query of each request, asked for in turn from number ``first`` on.
    seconds : float
        How long; wrk takes whole ones.

    Raises
    ------
    RuntimeError
        When wrk fails.
    """
    wrk = shutil.which("wrk")
    return _by_wrk(wrk, base_url, paths, seconds, first) if wrk else _by_threads(base_url, paths, seconds, first)


def _by_wrk(wrk: str, base_url: str, paths: Sequence[str], seconds: float, first: int) -> Load:
    with tempfile.TemporaryDirectory(prefix="wangge-") as folder:
        script, listed = Path(folder, "paths.lua"), Path(folder, "paths.txt")
        script.write_text(_SCRIPT, "utf-8")
        listed.write_text("".join(f"{path}\n" for path in paths), "utf-8")
        done = subprocess.run(
            [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", f"--timeout={PATIENCE_S}s",
             "-s", script, base_url, "--", listed, str(first)],
            capture_output=True, text=True, timeout=seconds + 3 * PATIENCE_S,
        )  # fmt: skip
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not found:
        raise RuntimeError(f"wrk: {(done.stderr or done.stdout).strip()[-300:]}")
    answers, microseconds, failed, p99 = found[0].split()[1:]
    return Load(int(answers) / int(microseconds) * 1e6, int(answers), int(failed), float(p99))


def _by_threads(base_url: str, paths: Sequence[str], seconds: float, first: int) -> Load:
    """Slower than wrk and on the same cores, so that both sides of a ratio come out lower."""
    where = urlsplit(base_url)
    times: list[float] = []
    failures: list[int] = []
    begin = time.perf_counter()

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE_S)
        at, failed = first + number * len(paths) // CONNECTIONS, 0
        while time.perf_counter() < begin + seconds:
            sent = time.perf_counter()
            try:
                connection.request("GET", paths[at % len(paths)])
                answer = connection.getresponse()
                answer.read()
                failed += answer.status >= 400
            except OSError:
                connection.close()
                failed += 1
            times.append(time.perf_counter() - sent)
            at += 1
        connection.close()
        failures.append(failed)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begin
    p99 = sorted(times)[int(len(times) * 0.99)]
    return Load(len(times) / took, len(times), sum(failures), p99 * 1000)
