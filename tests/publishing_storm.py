"""Many editors publishing at once while programs and the server are killed: what the test and the long run share."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import errors

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]


def work(dsn: str, key: str, seed: int, sets: int, journal: str) -> None:
    """Publish some random sets as one editor, and write down each that was answered with success.

    A set splits a grid, gives a strip of one grid to its neighbour, or changes figures. What the database refuses or
    loses is tried again with another set; only what was answered counts.
    """
    import shapely
    from editing import halves, rows, shape_of, write

    from geo.errors import WanggeError
    from layers.changes.change_sets import open_change_set
    from layers.changes.publish import publish
    from layers.database.database import Database
    from layers.identity import acting
    from layers.keys import identify

    class Connected(Database):
        """As the service: the helpers of the tests ask for ``api``."""

        @property
        def api(self) -> Database:
            return self

    draw = random.Random(seed)
    database = Connected(dsn, pool_size=2)
    done = 0
    who = None
    with Path(journal).open("a", encoding="utf-8") as file:
        while done < sets:
            try:
                who = who or identify(database, key)
                assert who is not None
                with acting(who):
                    number = open_change_set(database, f"storm {seed} {done}")
                    ((code,),) = rows(
                        database,
                        "select code from wangge.grids where valid_to is null and kind = 'social'"
                        " and village_code < '321283100' order by random() limit 1",
                    )
                    shape = shape_of(database, code)
                    kind = draw.choice(("split", "figures", "split"))
                    if kind == "split":
                        west, east = halves(shape)
                        fresh = {"name": f"{seed}-{done}"}
                        write(database, who, ("patch", code, {}, west), ("create", None, fresh, east))
                    else:
                        write(database, who, ("patch", code, {"population": draw.randrange(1, 3000)}, None))
                    publication = publish(database, number)
                if publication.number is not None:
                    file.write(json.dumps([publication.number, number, sorted(publication.codes.values())]) + "\n")
                    file.flush()
                done += 1
            except WanggeError:
                done += 1  # others were faster, or nothing could be cut
            except (LookupError, shapely.errors.GEOSException):
                done += 1
            except (psycopg2.OperationalError, psycopg2.InterfaceError, errors.AdminShutdown, errors.CrashShutdown):
                time.sleep(0.5)


def storm(cluster: Any, database: Any, folder: Path, *, workers: int, sets: int, kills: int, seed: int) -> list[Any]:
    """Run editors in processes of their own, kill some of them and the server now and then; what they wrote down."""
    from layers.keys import add_key

    draw = random.Random(seed)
    keys = [add_key(database, "editor", None, f"storm {n}") for n in range(workers)]

    def start(n: int, turn: int) -> subprocess.Popen[bytes]:
        given = [database.api_dsn, keys[n], str(seed * 1000 + n * 10 + turn), str(sets), str(folder / f"journal-{n}")]
        with (folder / f"log-{n}").open("ab") as log:
            return subprocess.Popen([sys.executable, __file__, *given], stderr=log)

    running = [start(n, 0) for n in range(workers)]
    for turn in range(1, kills + 1):
        time.sleep(draw.uniform(3, 6))
        victim = draw.randrange(workers)
        if turn % 2:
            running[victim].kill()
            running[victim].wait()
            running[victim] = start(victim, turn)
        else:
            kill_server(cluster)
    for process in running:
        process.wait(timeout=1200)
    lines = [line for path in sorted(folder.glob("journal-*")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def kill_server(cluster: Any) -> None:
    """SIGKILL to the postmaster, as a power cut would; and start it again."""
    import os
    import signal

    pid = int((cluster.data / "postmaster.pid").read_text().split(maxsplit=1)[0])
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/cwd").exists():
        time.sleep(0.05)
    time.sleep(1.0)  # its children notice
    cluster.start()


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
