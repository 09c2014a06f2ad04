"""What the tests stand on: a real PostGIS in a cluster of their own, the sample city, and the real service over it.

Imports of the project's upper packages happen inside the fixtures, so that a test of `geo` needs nothing but `geo`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    import requests

    from config.cluster import Cluster
    from layers.database import Database

PROJECT = Path(__file__).resolve().parent.parent
collect_ignore_glob = ["bench_*.py"]

# A cluster that is thrown away need not survive a power cut; nothing else differs from the real one.
THROWN_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_connections": "200",
}


def missing(what: str) -> NoReturn:
    """Skip on a laptop that lacks something; fail in CI, which has to have everything."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI is set")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout, or where WANGGE_SHARED says."""
    folder = Path(os.environ.get("WANGGE_SHARED") or PROJECT.parent / "shared")
    if not folder.is_dir():
        missing("the folder of reference data, ../shared")
    return folder


@pytest.fixture(scope="session")
def program() -> Callable[[str], Path]:
    """Function that finds a program, such as ``chromium`` or ``wrk``, and skips (in CI: fails) where there is none."""

    def find(name: str) -> Path:
        found = shutil.which(name)
        if found is None:
            missing(name)
        return Path(found)

    return find


@pytest.fixture(scope="session")
def conformance() -> Path:
    """Folder of the programs (``python``, ``schemathesis``) of the environment that ``./wangge test`` makes."""
    folder = PROJECT / ".venv-conformance" / "bin"
    if not (folder / "python").exists():
        missing("the conformance environment (./wangge test makes it)")
    return folder


# --- databases


@pytest.fixture(scope="session")
def cluster_folder() -> Iterator[Path]:
    """A short folder that the account which runs PostgreSQL can enter; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="wg-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(cluster_folder: Path) -> Iterator[Cluster]:
    """The tests' own running cluster."""
    from config.cluster import Cluster
    from config.postgres import usable
    from geo.errors import WanggeError

    try:
        usable()
    except WanggeError:
        missing("PostgreSQL with PostGIS")
    with Cluster(cluster_folder / "pg", THROWN_AWAY).held() as running:
        yield running


@pytest.fixture(scope="session")
def clone(cluster: Cluster) -> Callable[..., Any]:
    """Context manager ``clone(template, read_only=False)``: a database of one's own, dropped afterwards."""
    from layers.database import Database
    from layers.server import API, OWNER, create_database, drop_database

    class Clone(Database):
        """A cloned database as its owner.

        Attributes
        ----------
        name : str
            Name on the server.
        owner_dsn, api_dsn, admin_dsn : str
            Its addresses as the three roles.
        api : Database
            The same database as the service's role, under row-level security.
        """

        def __init__(self, name: str, options: str) -> None:
            self.name = name
            self.owner_dsn, self.api_dsn, self.admin_dsn = (
                cluster.dsn(role, name) + options for role in (OWNER, API, "postgres")
            )
            super().__init__(self.owner_dsn, pool_size=4)
            self.api = Database(self.api_dsn, pool_size=4)

        def close(self) -> None:
            """Close both pools."""
            super().close()
            self.api.close()

    number = iter(range(1_000_000))

    @contextmanager
    def cloned(template: str, *, read_only: bool = False) -> Iterator[Clone]:
        name = f"test_{next(number)}"
        create_database(cluster.admin_dsn, name, template)
        database = Clone(name, " options='-c default_transaction_read_only=on'" if read_only else "")
        try:
            yield database
        finally:
            database.close()
            drop_database(cluster.admin_dsn, name)

    return cloned


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """Name of the template with this version's schema and no rows."""
    from layers.migrate import migrate
    from layers.server import OWNER, create_database, create_extensions

    create_database(cluster.admin_dsn, "migrated")
    create_extensions(cluster.dsn("postgres", "migrated"))
    migrate(cluster.dsn(OWNER, "migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def city_template(cluster: Cluster, migrated: str) -> str:
    """Name of the template with the sample city, built once a session."""
    import psycopg2

    from layers.sample import load_sample
    from layers.server import OWNER, create_database

    create_database(cluster.admin_dsn, "city", migrated)
    with closing(psycopg2.connect(cluster.dsn(OWNER, "city"))) as connection:
        load_sample(connection)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze")
    return "city"


@pytest.fixture
def db(clone: Callable[..., Any], migrated: str) -> Iterator[Database]:
    """An empty database of one's own, as its owner; ``db.api`` is the service's role, ``db.owner_dsn`` the address."""
    with clone(migrated) as database:
        yield database


@pytest.fixture(scope="session")
def city(clone: Callable[..., Any], city_template: str) -> Iterator[Database]:
    """The sample city, shared by all tests, which can't write to it."""
    with clone(city_template, read_only=True) as database:
        yield database


@pytest.fixture
def city_copy(clone: Callable[..., Any], city_template: str) -> Iterator[Database]:
    """The sample city for one test alone, to be changed at will."""
    with clone(city_template) as database:
        yield database


# --- the service


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
        return self.session.request(method, address, headers=headers, timeout=60, **options)

    def get(self, path: str, role: str | None = None, **options: Any) -> requests.Response:
        """`request` with GET."""
        return self.request("GET", path, role, **options)


def free_port() -> int:
    """A port of the loopback interface on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serving(database: Any, folder: Path) -> Iterator[Service]:
    """The service over a database, with a key for each role."""
    import requests

    from config.service import answers, server_command
    from config.settings import PROJECT as SERVED_FROM
    from config.settings import Settings
    from layers.keys import add_key

    settings = Settings(
        data_dir=folder, database_url=database.owner_dsn, api_database_url=database.api_dsn,
        host="127.0.0.1", port=free_port(), workers=1, threads=4, pool_size=4,
    )  # fmt: skip
    with database.transaction() as cursor:
        cursor.execute("select code from wangge.divisions where level = 'township' order by code limit 1")
        township = cursor.fetchone()[0]
    keys = {role: add_key(database, role, None, role) for role in ("staff", "editor", "admin")}
    keys["township"] = add_key(database, "staff", township, "township")
    log = folder / "service.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            server_command(settings), env=settings.environment(), cwd=SERVED_FROM, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not answers(settings.base_url + "/conformance?f=json"):
            if server.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the service did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")
            time.sleep(0.1)
        with requests.Session() as session:
            session.trust_env = False
            yield Service(settings.base_url, keys, township, database, log, session)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="session")
def service(
    clone: Callable[..., Any], city_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service over a sample city of its own, for tests that only read."""
    with clone(city_template) as database, serving(database, tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def own_service(
    clone: Callable[..., Any], city_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service over another copy of the sample city, for the tests of one module that change what it serves."""
    with clone(city_template) as database, serving(database, tmp_path_factory.mktemp("service")) as running:
        yield running
