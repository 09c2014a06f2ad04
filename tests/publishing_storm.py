"""Many editors publishing at once while they, the web server and PostgreSQL are killed: the test and the long run.

Each editor is a process that talks to the service over HTTP with a key of its own, as a desk does.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

VICTIMS = ("editor", "web server", "postgres")


class _Unanswered(Exception):
    """The service is gone or has lost its database."""


class Desk:
    """One editor over HTTP."""

    def __init__(self, base_url: str, key: str) -> None:
        import requests

        self._session = requests.Session()
        self._session.trust_env = False
        self._base, self._headers = base_url, {"X-API-Key": key}

    def ask(self, method: str, path: str, content: Any = None, **headers: str) -> Any:
        """Status and JSON of an answer."""
        import requests

        try:
            answer = self._session.request(
                method, self._base + path, json=content, headers=self._headers | headers, timeout=60
            )
        except requests.RequestException as error:
            raise _Unanswered from error
        if answer.status_code >= 500:
            raise _Unanswered(answer.text[:200])
        try:
            return answer.status_code, answer.json() if answer.content else None
        except ValueError as error:
            raise _Unanswered from error

    def run(self, process: str, **inputs: Any) -> Any:
        """Status and answer of a process."""
        return self.ask("POST", f"/processes/{process}/execution", {"inputs": inputs})


def work(base_url: str, key: str, seed: int, sets: int, journal: str) -> None:
    """Publish some random sets as one editor, and write down each that was answered with success.

    A set splits a grid or changes figures. What is refused counts as done, what is not answered is tried again with
    another set: only what was answered has to be there.
    """
    from editing import halves
    from shapely.geometry import mapping, shape

    draw, desk, done = random.Random(seed), Desk(base_url, key), 0
    with Path(journal).open("a", encoding="utf-8") as file:
        while done < sets:
            try:
                _, page = desk.ask("GET", f"/collections/grids/items?limit=1&offset={draw.randrange(1100)}&kind=social")
                (grid,) = page["features"]
                status, opened = desk.run("open-change-set", title=f"storm {seed} {done}")
                if status != 200:
                    continue
                code, name = grid["properties"]["code"], f"{seed}-{done}"
                batch = [{"type": "Feature", "id": code, "geometry": grid["geometry"],
                          "properties": {"name": name, "population": draw.randrange(1, 3000)}}]  # fmt: skip
                if draw.random() < 0.6:
                    west, east = halves(shape(grid["geometry"]))
                    batch[0]["geometry"] = mapping(west)
                    batch.append({"type": "Feature", "geometry": mapping(east), "properties": {"name": name}})
                headers = {"Wangge-Change-Set": str(opened["change_set"])}
                edits = {"type": "FeatureCollection", "features": batch}
                desk.ask("POST", "/collections/grid-edits/items", edits, **headers)
                status, told = desk.run("publish", change_set=opened["change_set"])
                if status == 200 and told["published"]:
                    answered = [told["publication"], opened["change_set"], sorted(told["codes"].values())]
                    file.write(json.dumps(answered) + "\n")
                    file.flush()
                done += 1
            except LookupError:
                done += 1  # nothing could be cut
            except _Unanswered:
                time.sleep(0.3)


class WebServer:
    """The service in processes of its own, which can be killed and started again at the same address."""

    def __init__(self, database: Any, folder: Path) -> None:
        from config.machine.ports import free_port
        from config.machine.service import server_command
        from config.settings import Settings

        settings = Settings(
            data_dir=folder, database_url=database.owner_dsn, api_database_url=database.api_dsn, host="127.0.0.1",
            port=free_port(), workers=2, threads=4, pool_size=4,
        )  # fmt: skip
        self.base_url = settings.base_url
        self._command, self._environment = server_command(settings), settings.environment()
        self._log = folder / "web.log"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        from config.machine.service import answers

        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        while not answers(self.base_url + "/conformance?f=json"):
            if self._process.poll() is not None:
                raise RuntimeError("the web server did not start")
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL to all of its processes, whatever they are doing."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def storm(cluster: Any, database: Any, folder: Path, *, workers: int, sets: int, kills: int, seed: int) -> list[Any]:
    """Run editors, and kill some of them, the web server and the database now and then; what they wrote down."""
    from layers.keys import add_key

    draw = random.Random(seed)
    keys = [add_key(database, "editor", None, f"storm {n}") for n in range(workers)]
    web = WebServer(database, folder)
    web.start()

    def start(n: int, turn: int) -> subprocess.Popen[bytes]:
        given = [web.base_url, keys[n], str(seed * 1000 + n * 10 + turn), str(sets), str(folder / f"journal-{n}")]
        with (folder / f"log-{n}").open("ab") as log:
            return subprocess.Popen([sys.executable, __file__, *given], stderr=log)

    running = [start(n, 0) for n in range(workers)]
    try:
        for turn in range(kills):
            time.sleep(draw.uniform(2, 5))
            match VICTIMS[turn % len(VICTIMS)]:
                case "editor":
                    victim = draw.randrange(workers)
                    running[victim].kill()
                    running[victim].wait()
                    running[victim] = start(victim, turn)
                case "web server":
                    web.kill()
                    web.start()
                case _:
                    kill_server(cluster)
        for process in running:
            process.wait(timeout=1800)
            if process.returncode:
                raise RuntimeError("an editor failed: see its log")
    finally:
        web.kill()
        for process in running:
            process.kill()
    lines = [line for path in sorted(folder.glob("journal-*")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def kill_server(cluster: Any) -> None:
    """SIGKILL to the postmaster, as a power cut would; and start it again."""
    pid = int((cluster.data / "postmaster.pid").read_text().split(maxsplit=1)[0])
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/cwd").exists():
        time.sleep(0.05)
    time.sleep(1.0)  # its children notice
    cluster.start()


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
