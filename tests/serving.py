"""The real service in processes of its own, for the fixtures `service` and `own_service`, and for benchmarks."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from config.machine.ports import free_port
from config.machine.service import answers, server_command
from config.settings import PROJECT, Settings
from layers.keys import add_key

PATIENCE_S = 180
"""How long a service may take to answer on a machine that has much else to do; how soon it does is no matter here."""


@dataclass(frozen=True)
class Service:
    """The real service in processes of its own.

    Attributes
    ----------
    base_url : str
        Its address, without a slash at the end.
    keys : dict
        Key of ``staff``, ``township`` (staff of one township only), ``editor`` and ``admin``.
    township : str
        9-digit code of the township that the key ``township`` reaches.
    database : Database
        What it serves, as the owner.
    log : Path
        Its log file.
    """

    base_url: str
    keys: dict[str, str]
    township: str
    database: Any
    log: Path
    session: requests.Session = field(repr=False)

    def request(self, method: str, path: str, role: str | None = None, **options: Any) -> requests.Response:
        """Ask for a path (or a whole address) with the key of a role; without a role as the public."""
        headers = dict(options.pop("headers", {}))
        if role is not None:
            headers["X-API-Key"] = self.keys[role]
        address = path if path.startswith("http") else f"{self.base_url}/{path.lstrip('/')}"
        return self.session.request(method, address, headers=headers, timeout=PATIENCE_S, **options)

    def get(self, path: str, role: str | None = None, **options: Any) -> requests.Response:
        """`request` with GET."""
        return self.request("GET", path, role, **options)



@contextmanager
def serving(database: Any, folder: Path, **given: Any) -> Iterator[Service]:
    """The service over a database, with a key for each role; settings beside the usual ones where they are given."""
    settings = Settings(
        data_dir=folder, database_url=database.owner_dsn, api_database_url=database.api_dsn,
        host="127.0.0.1", port=free_port(), workers=1, threads=4, pool_size=4, **given,
    )  # fmt: skip
    with database.transaction() as cursor:
        cursor.execute("select code from wangge.divisions where level = 'township' order by code limit 1")
        township = cursor.fetchone()[0]
    keys = {role: add_key(database, role, None, role) for role in ("staff", "editor", "admin")}
    keys["township"] = add_key(database, "staff", township, "township")
    log = folder / "service.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            server_command(settings), env=settings.environment(), cwd=PROJECT, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        end = time.monotonic() + PATIENCE_S
        while not answers(settings.base_url + "/conformance?f=json"):
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the service did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")
            time.sleep(0.1)
        with requests.Session() as session:
            session.trust_env = False
            yield Service(settings.base_url, keys, township, database, log, session)
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
