"""What an administrator can set; the only module that reads the environment.

Settings are read once, in the command line or in a worker of the service, and handed down from there. Nothing reads
them at import, so a test builds its own.
"""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from geo.errors import InvalidInput
from layers.heat.public import Publishing

if TYPE_CHECKING:
    from geo.coverage.limits import Limits

PROJECT = Path(__file__).resolve().parent.parent
PREFIX = "WANGGE_"
Language = Literal["zh", "en"]
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")


class Settings(BaseSettings):
    """Everything that can be set, each by the variable ``WANGGE_<NAME>``.

    Attributes
    ----------
    data_dir : Path
        Folder of the private cluster, the logs and the sample's key.
    database_url : str or None
        A PostgreSQL server of your own, as the owner of the tables. Without it a private cluster is used.
    api_database_url : str or None
        The same database as the role the service works as; it must own nothing, or row-level security is void.
    host, port : str, int
        Address the service listens on.
    public_url : str or None
        Address that clients see, where a proxy stands before the service; links are made from it.
    workers : int
        Processes that answer requests.
    threads : int
        Requests that one worker answers at a time.
    pool_size : int
        Connections to the database that one worker keeps.
    log_level : str
        What the log file takes: debug, info, warning or error.
    job_workers : int
        Jobs that run at a time; 0 where another machine runs them (``python -m config.jobs.worker``).
    job_seconds : float
        How long a job may run.
    job_open : int
        Jobs of one key that may wait or run; all who ask without a key count as one.
    job_stored : int
        Jobs of one key that are kept, those that wait or run included.
    job_stored_mb : int
        Megabytes of their inputs and results.
    job_days : float
        Days after which a job that has ended is forgotten.
    callback_networks : str or None
        Private networks that a job's subscriber may be in, such as 10.20.0.0/16, parted by commas.
    callback_seconds : float
        How long one callback may take.
    heat_least : int
        The least count of cases that the public is told, and the least width of what can be worked out of a hidden one.
    heat_settle_days : int
        Days after its end in which a month still takes late cases; then its counts are released to the public.
    grid_least_m2, grid_most_m2 : float
        Areas of a social-governance grid between which a check has nothing to say; 0 and inf for no limit.
    grid_least_people, grid_most_people : float
        The same for its population.
    basemap_url : str or None
        Tiles to draw below the layers of the map page, with {z}, {x} and {y}: https addresses of Web Mercator pictures,
        those that lie on top later, parted by blanks. Without it the page asks nobody but the service.
    basemap_attribution : str
        Whose base map it is, as its licence wants it said.
    rules : Path or None
        TOML file with the city's deadlines, departments and points of assessment, over those of
        ``layers/situation/rules.toml``.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = PROJECT / "data"
    database_url: str | None = None
    api_database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=5000, ge=1, le=65535)
    public_url: str | None = None
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=4, ge=1, le=64)
    pool_size: int = Field(default=4, ge=1, le=64)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    job_workers: int = Field(default=1, ge=0, le=64)
    job_seconds: float = Field(default=3600, gt=0)
    job_open: int = Field(default=20, ge=1)
    job_stored: int = Field(default=200, ge=1)
    job_stored_mb: int = Field(default=1000, ge=1)
    job_days: float = Field(default=7, gt=0)
    callback_networks: str | None = None
    callback_seconds: float = Field(default=10, gt=0, le=300)
    heat_least: int = Field(default=5, ge=2, le=1000)
    heat_settle_days: int = Field(default=7, ge=0, le=366)
    grid_least_m2: float = Field(default=1_000, ge=0)
    grid_most_m2: float = Field(default=20_000_000, ge=0)
    grid_least_people: float = Field(default=1, ge=0)
    grid_most_people: float = Field(default=20_000, ge=0)
    basemap_url: str | None = None
    basemap_attribution: str = ""
    rules: Path | None = None

    @field_validator("callback_networks")
    @classmethod
    def _known_networks(cls, value: str | None) -> str | None:
        _networks(value)
        return value

    @field_validator("basemap_url")
    @classmethod
    def _known_basemap(cls, value: str | None) -> str | None:
        for address in _addresses(value):
            parts = urlsplit(address)
            # it goes into the page's security policy, where a blank or a semicolon would begin something new
            if not _HOST.fullmatch(parts.netloc) or parts.scheme not in ("http", "https"):
                raise ValueError(f"{address}: not the address of tiles")
            if not all(part in address for part in ("{z}", "{x}", "{y}")):
                raise ValueError(f"{address}: lacks {{z}}, {{x}} or {{y}}")
        return value

    @field_validator("rules")
    @classmethod
    def _wherever_it_runs(cls, value: Path | None) -> Path | None:
        # a child process may work in another folder
        return None if value is None else value.absolute()

    @model_validator(mode="after")
    def _both_addresses(self) -> Self:
        # The owner passes by row-level security, so the service must never fall back on its address.
        if self.database_url and not self.api_database_url:
            raise InvalidInput("cli.no-api-database-url")
        if self.api_database_url and not self.database_url:
            raise InvalidInput("cli.no-database-url")
        return self

    @model_validator(mode="after")
    def _limits_that_hold(self) -> Self:
        for least, most in (("grid_least_m2", "grid_most_m2"), ("grid_least_people", "grid_most_people")):
            if not getattr(self, least) <= getattr(self, most):
                raise InvalidInput("cli.limits", least=PREFIX + least.upper(), most=PREFIX + most.upper())
        return self

    @property
    def grid_limits(self) -> Limits:
        """What is ordinary of a grid."""
        # `status` and `down` read settings as well, and do without numpy
        from geo.coverage.limits import Limits

        return Limits(self.grid_least_m2, self.grid_most_m2, self.grid_least_people, self.grid_most_people)

    @property
    def private_cluster(self) -> bool:
        """Whether the database is the private cluster in the data folder."""
        return self.database_url is None

    @property
    def owner_dsn(self) -> str:
        """Address of the database as its owner; only within `config.machine.database.reachable`."""
        return _known(self.database_url)

    @property
    def api_dsn(self) -> str:
        """Address of the database as the role the service works as; only within `config.machine.database.reachable`."""
        return _known(self.api_database_url)

    @property
    def callback_allowed(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """`callback_networks` as networks."""
        return _networks(self.callback_networks)

    @property
    def basemap(self) -> tuple[str, ...]:
        """`basemap_url` as addresses, the lowest first."""
        return _addresses(self.basemap_url)

    @property
    def publishing(self) -> Publishing:
        """How counts of cases are published."""
        return Publishing(self.heat_least, self.heat_settle_days)

    @property
    def log_dir(self) -> Path:
        """Folder of the log files."""
        return self.data_dir / "log"

    @property
    def base_url(self) -> str:
        """Address of the service as clients write it, without a slash at the end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        # A wildcard is an address to listen on, none to connect to.
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """These settings as variables of a child process, beside those the parent has."""
        ours = {PREFIX + name.upper(): str(value) for name, value in self if value is not None}
        others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return others | ours


def _addresses(text: str | None) -> tuple[str, ...]:
    return tuple((text or "").split())


def _networks(text: str | None) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip()) for part in (text or "").split(",") if part.strip())


def _known(address: str | None) -> str:
    # An empty address would make libpq fall back on whatever PGHOST and PGDATABASE say.
    if not address:
        raise RuntimeError("a private cluster's address is known while it is held: see config.machine.database")
    return address


def load(**given: object) -> Settings:
    """Settings from the environment; what is given here and is not None comes first."""
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def hand_over(name: str, value: str) -> None:
    """Set a variable for a library that reads the environment when it is imported, as pygeoapi does."""
    os.environ[name] = value


def visiting(url: str, key: str | None) -> dict[str, str]:
    """The environment of a program that asks the service over HTTP, with nothing of the service's own settings.

    Without a key it has the one that ``WANGGE_KEY`` names, if any.
    """
    named = {"WANGGE_URL": url} | ({"WANGGE_KEY": key} if key else {})
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) or name == "WANGGE_KEY"}
    return kept | named


def language() -> Language:
    """Language of the terminal, by the first that is set of ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``."""
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next((value for value in named if value), "").lower().startswith("zh") else "en"


def search_path() -> list[Path]:
    """Folders in which the shell looks for programs."""
    return [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
