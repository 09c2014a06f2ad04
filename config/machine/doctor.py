"""What is missing on this machine, and the command that mends it."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass, field
from typing import Literal

from config.machine import service
from config.machine.database import cluster_of
from config.machine.postgres import installed, usable
from config.machine.running import read
from config.settings import Settings, search_path
from geo.errors import WanggeError

FREE_MB = 1000
# What the tests and QGIS users need beside the service: program, package of Debian and Ubuntu.
OPTIONAL = {"qgis": "qgis python3-qgis qgis-providers", "chromium": "chromium fonts-wqy-microhei", "wrk": "wrk"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    key : str
        Text that says what was found.
    state : str
        ``ok``, ``missing`` (the service can't run so) or ``optional`` (only tests miss it).
    remedy : str or None
        Text of the command that mends it.
    values : dict
        What both texts' placeholders take.
    """

    key: str
    state: Literal["ok", "missing", "optional"]
    remedy: str | None = None
    values: dict[str, object] = field(default_factory=dict)


def examine(settings: Settings) -> list[Check]:
    """Look at everything that the service stands on."""
    return [_python(), *_database(settings), _port(settings), _disk(settings), *(_program(name) for name in OPTIONAL)]


def _python() -> Check:
    return Check("cli.doctor.python", "ok", None, {"version": platform.python_version()})


def _database(settings: Settings) -> list[Check]:
    if not settings.private_cluster:
        return [_own_server(settings)]
    checks = []
    try:
        version = usable()
        postgis = ".".join(map(str, version.postgis or ()))
        checks.append(Check("cli.doctor.postgres", "ok", None, {"postgresql": version.major, "postgis": postgis}))
    except WanggeError:
        newest = next((version.major for version in installed()), None)
        package = f"postgresql-{newest}-postgis-3" if newest else "postgresql postgresql-postgis"
        checks.append(Check("cli.doctor.no-postgres", "missing", "cli.doctor.install", {"package": package}))
        return checks
    try:
        cluster = cluster_of(settings)
        state = "missing" if not cluster.made() else "running" if cluster.running() else "stopped"
        checks.append(Check(f"cli.status.cluster-{state}", "ok", None, {"folder": cluster.folder}))
    except WanggeError as error:
        checks.append(Check(error.key, "missing", None, error.values))
    return checks


def _own_server(settings: Settings) -> Check:
    """Whether the server that the administrator named answers and has what a superuser must make."""
    import psycopg2

    try:
        for dsn in (settings.owner_dsn, settings.api_dsn):
            psycopg2.connect(dsn, connect_timeout=5).close()
    except psycopg2.OperationalError as error:
        # The message names host and role; a password is never part of it.
        reason = str(error).strip().splitlines()[0]
        return Check("cli.doctor.no-server", "missing", "cli.doctor.server-remedy", {"reason": reason})
    return Check("cli.doctor.server", "ok")


def _port(settings: Settings) -> Check:
    found = read(settings)
    if found and found.alive:
        return Check("cli.status.answers", "ok", None, {"url": found.base_url, "pid": found.pid})
    try:
        service.check_port(settings)
    except WanggeError as error:
        return Check(error.key, "missing", None, error.values)
    return Check("cli.doctor.port", "ok", None, {"host": settings.host, "port": settings.port})


def _disk(settings: Settings) -> Check:
    folder = next(path for path in (settings.data_dir, *settings.data_dir.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free // 2**20
    values = {"folder": folder, "free": free, "least": FREE_MB}
    return Check("cli.doctor.disk", "ok" if free >= FREE_MB else "missing", "cli.doctor.disk-remedy", values)


def _program(name: str) -> Check:
    there = any((folder / name).is_file() for folder in search_path())
    values: dict[str, object] = {"program": name, "package": OPTIONAL[name]}
    return Check("cli.doctor.program" if there else "cli.doctor.no-program", "ok" if there else "optional",
                 "cli.doctor.install", values)  # fmt: skip
