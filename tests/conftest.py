"""What the tests stand on: a real PostGIS in a cluster of their own, the sample city, and the real service over it.

Imports of the project's upper packages happen inside the fixtures, so that a test of `geo` needs nothing but `geo`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from serving import Service

    from config.machine.cluster import Cluster
    from layers.database.database import Database

PROJECT = Path(__file__).resolve().parent.parent
collect_ignore_glob = ["bench_*.py"]

# The same examples in every run, whatever the machine's load: a rare one is to be found by whoever looks for it
# (--hypothesis-profile=hunt), and not by whoever changes something else.
settings.register_profile(
    "suite", derandomize=True, deadline=None, database=None, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile("hunt", settings.get_profile("suite"), derandomize=False, max_examples=1000)
settings.load_profile("suite")

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
    from config.machine.cluster import Cluster
    from config.machine.postgres import usable
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
    from cloning import Clone

    from layers.database.server import create_database, drop_database

    number = iter(range(1_000_000))

    @contextmanager
    def cloned(template: str, *, read_only: bool = False) -> Iterator[Clone]:
        name = f"test_{next(number)}"
        create_database(cluster.admin_dsn, name, template)
        database = Clone(cluster, name, read_only=read_only)
        try:
            yield database
        finally:
            database.close()
            drop_database(cluster.admin_dsn, name)

    return cloned


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """Name of the template with this version's schema and no rows."""
    from layers.database.migrate import migrate
    from layers.database.server import OWNER, create_database, create_extensions

    create_database(cluster.admin_dsn, "migrated")
    create_extensions(cluster.dsn("postgres", "migrated"))
    migrate(cluster.dsn(OWNER, "migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def city_template(cluster: Cluster, migrated: str) -> str:
    """Name of the template with the sample city, built once a session."""
    import psycopg2

    from layers.database.server import OWNER, create_database
    from layers.sample import load_sample

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


@pytest.fixture(scope="session")
def service(
    clone: Callable[..., Any], city_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service over a sample city of its own, for tests that only read."""
    from serving import serving

    with clone(city_template) as database, serving(database, tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def own_service(
    clone: Callable[..., Any], city_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service over another copy of the sample city, for the tests of one module that change what it serves."""
    from serving import serving

    with clone(city_template) as database, serving(database, tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def edited(own_service: Service) -> Iterator[Service]:
    """The service without edits of another test, and with one editor's key."""
    yield own_service
    with own_service.database.transaction() as cur:
        cur.execute(
            "update wangge.change_sets set state = 'abandoned', is_current = false, closed_at = now()"
            " where state = 'open'"
        )
        cur.execute("delete from wangge.findings where change_set is not null")


# --- jobs


@pytest.fixture(scope="module")
def job_service(own_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """``own_service`` with one worker, whose callbacks may go to this machine itself."""
    from working import settings_of, working

    folder = tmp_path_factory.mktemp("worker")
    with working(
        settings_of(own_service.database, folder, callback_networks="127.0.0.0/8", public_url=own_service.base_url)
    ):
        yield own_service


@pytest.fixture
def served(job_service: Service) -> Iterator[Service]:
    """``job_service`` without a job of another test."""
    yield job_service
    with job_service.database.transaction() as cursor:
        cursor.execute("delete from wangge.jobs")


@pytest.fixture
def jobs(city_copy: Any) -> Any:
    """Jobs of ``city_copy``, without a worker."""
    from layers.jobs.jobs import JobLimits, Jobs

    return Jobs(city_copy.api, JobLimits())


@pytest.fixture
def keyed(city_copy: Any) -> Iterator[Any]:
    """A holder of a staff key of ``city_copy``, who asks in this test."""
    from layers.identity import acting
    from layers.keys import add_key, identify

    found = identify(city_copy, add_key(city_copy, "staff", None, "desk"))
    assert found is not None
    with acting(found):
        yield found


# --- the command line


@pytest.fixture
def data_dir(cluster_folder: Path, tmp_path: Path) -> Iterator[Path]:
    """A data folder of one's own, short and passable, as a fresh checkout in /tmp has it; stopped afterwards."""
    folder = cluster_folder / tmp_path.name[-20:]
    folder.mkdir()
    folder.chmod(0o711)
    yield folder
    subprocess.run([sys.executable, "-m", "config.cli", "down"], cwd=PROJECT, env=_environment(folder), check=True)


@pytest.fixture
def wangge(cluster: Cluster, data_dir: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Function that runs the command line in a process of its own, over ``data_dir``."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "config.cli", *arguments], cwd=PROJECT, env=_environment(data_dir),
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run


def _environment(data_dir: Path) -> dict[str, str]:
    """An environment with nothing of whoever runs the tests."""
    return {"PATH": os.environ["PATH"], "WANGGE_DATA_DIR": str(data_dir), "WANGGE_WORKERS": "1"}
