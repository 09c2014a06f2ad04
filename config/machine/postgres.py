"""PostgreSQL and PostGIS as this machine has them installed."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from config.settings import search_path
from geo.errors import InvalidInput

OLDEST_POSTGRESQL = 14
OLDEST_POSTGIS = (3, 3)
# Debian and Ubuntu, Red Hat's and Homebrew's places; none of the first two is on PATH.
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/lib64/pgsql/bin")


@dataclass(frozen=True)
class Postgres:
    """One installed version.

    Attributes
    ----------
    folder : Path
        Where its programs are.
    major : int
        Its major version.
    """

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        """Path of one of its programs."""
        return self.folder / name

    @cached_property
    def postgis(self) -> tuple[int, int] | None:
        """Major and minor version of the PostGIS that belongs to it; None where there is none."""
        asked = subprocess.run(
            [self.program("pg_config"), "--sharedir"], capture_output=True, text=True, check=False
        )
        control = Path(asked.stdout.strip()) / "extension" / "postgis.control"
        if not control.is_file():
            return None
        stated = re.search(r"default_version\s*=\s*'(\d+)\.(\d+)", control.read_text("utf-8"))
        return (int(stated[1]), int(stated[2])) if stated else None


def installed() -> list[Postgres]:
    """Every installed version that has a server, newest first."""
    folders = [folder for place in PLACES for folder in Path("/").glob(place.lstrip("/"))] + search_path()
    found: dict[int, Postgres] = {}
    for folder in folders:
        if not (folder / "initdb").is_file():
            continue
        folder = (folder / "initdb").resolve().parent
        asked = subprocess.run([folder / "initdb", "--version"], capture_output=True, text=True, check=False)
        if stated := re.search(r"(\d+)", asked.stdout):
            found.setdefault(int(stated[1]), Postgres(folder, int(stated[1])))
    return [found[major] for major in sorted(found, reverse=True)]


def usable(major: int | None = None) -> Postgres:
    """The newest version that has a PostGIS, or the one named.

    Parameters
    ----------
    major : int, optional
        Version that made an existing cluster; no other can open it.

    Raises
    ------
    InvalidInput
        When there is none, or none that is new enough, with the command that installs it.
    """
    versions = installed()
    if major is not None:
        for version in versions:
            if version.major == major and version.postgis:
                return version
        raise InvalidInput("cli.postgres-gone", major=major)
    for version in versions:
        if version.major >= OLDEST_POSTGRESQL and version.postgis and version.postgis >= OLDEST_POSTGIS:
            return version
    raise InvalidInput("cli.no-postgres", postgresql=OLDEST_POSTGRESQL, postgis=".".join(map(str, OLDEST_POSTGIS)))


if __name__ == "__main__":
    # The launcher asks: exit 0 where a usable server is installed.
    try:
        usable()
    except InvalidInput:
        raise SystemExit(1) from None
