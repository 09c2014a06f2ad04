"""The private cluster: safe by its settings, shut to others, and there again after whatever happened to it."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from config.machine.account import Account
from config.machine.cluster import SOCKET_PATH_BYTES, Cluster, place
from config.machine.postgres import usable
from geo.errors import InvalidInput


def ask(dsn: str, query: str, values: tuple[object, ...] = ()) -> Any:
    """First value of the first row."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone()
    return row[0] if row else None


@pytest.fixture
def fresh(cluster: Cluster, cluster_folder: Path) -> Iterator[Cluster]:
    """Another cluster, for one test alone (the tests' shared one must not be stopped)."""
    folder = Path(tempfile.mkdtemp(dir=cluster_folder))
    folder.chmod(0o711)
    one = Cluster(folder / "pg", cluster.options | {"shared_buffers": "32MB"})
    yield one
    one.stop()


def test_settings_that_keep_data_and_speed() -> None:
    """The real cluster, not the tests' own, which gives up durability: what it would be started with."""
    cluster = Cluster(Path("anywhere"))
    assert "fsync" not in cluster.options
    assert "synchronous_commit" not in cluster.options


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("jit", "off"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "Asia/Shanghai"),
    ],
)
def test_settings_in_force(cluster: Cluster, setting: str, value: str) -> None:
    assert ask(cluster.owner_dsn, "select current_setting(%s)", (setting,)) == value


def test_the_service_role_is_bound_by_row_security_and_a_time_limit(cluster: Cluster) -> None:
    assert ask(cluster.api_dsn, "select current_user") == "wangge_api"
    assert ask(cluster.api_dsn, "select current_setting('statement_timeout')") == "30s"
    mighty = "select rolsuper or rolbypassrls from pg_roles where rolname = %s"
    for role in ("wangge_api", "wangge_owner"):
        assert ask(cluster.admin_dsn, mighty, (role,)) is False
    owner = ask(cluster.owner_dsn, "select pg_get_userbyid(datdba) from pg_database where datname = current_database()")
    assert owner == "wangge_owner"


def test_a_box_uses_the_index_beneath_row_security(db: Any) -> None:
    """Without the leakproof mark the policy's condition has to be tried on every row first."""
    with db.transaction() as cursor:
        cursor.execute(
            "create table probe as select st_setsrid(st_makepoint(i % 300, i / 300), 4490) as geom"
            " from generate_series(1, 30000) i; create index on probe using gist (geom); analyze probe;"
            " alter table probe enable row level security; grant select on probe to wangge_api;"
            " create policy seen on probe for select to wangge_api using (current_setting('wangge.role', true) <> '')"
        )
    with db.api.transaction() as cursor:
        cursor.execute("explain select * from probe where geom && st_makeenvelope(1, 1, 2, 2, 4490)")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index" in plan and "Seq Scan" not in plan


def test_nobody_but_the_mapped_accounts_comes_in(cluster: Cluster) -> None:
    """Peer authentication: the socket asks the kernel who it is."""
    if os.geteuid() != 0:
        pytest.skip("only root can act as another account")
    stranger = Account("nobody", 65534, 65534)
    psql = cluster.postgres.program("psql")
    done = stranger.run([psql, "--no-psqlrc", "--dbname", cluster.api_dsn, "--command", "select 1"])
    assert done.returncode != 0
    assert "Permission denied" in done.stderr or "Peer authentication failed" in done.stderr


def test_data_outlives_a_stop(fresh: Cluster) -> None:
    with fresh.held(), closing(psycopg2.connect(fresh.owner_dsn)) as connection:
        connection.autocommit = True
        connection.cursor().execute("create schema kept")
    assert not fresh.running()
    with fresh.held():
        assert ask(fresh.owner_dsn, "select true from pg_namespace where nspname = 'kept'") is True


def test_the_last_holder_stops_it(fresh: Cluster) -> None:
    again = Cluster(fresh.folder, fresh.options)
    with fresh.held():
        with again.held():
            assert ask(again.owner_dsn, "select 1") == 1
        assert fresh.running()
    assert not fresh.running()


def test_a_running_server_is_taken_over(fresh: Cluster) -> None:
    """As after kill -9 of the service: nobody holds the cluster, but its server runs on."""
    fresh.ensure()
    started = ask(fresh.owner_dsn, "select pg_postmaster_start_time()")
    with Cluster(fresh.folder, fresh.options).held() as same:
        assert ask(same.owner_dsn, "select pg_postmaster_start_time()") == started
    assert not fresh.running()


def test_it_recovers_from_a_killed_server(fresh: Cluster) -> None:
    fresh.ensure()
    pid = int((fresh.data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    while fresh.running():
        time.sleep(0.01)
    with fresh.held():
        assert ask(fresh.owner_dsn, "select 1") == 1


def test_an_unfinished_initdb_is_begun_anew(fresh: Cluster) -> None:
    fresh.account.own_folder(fresh.folder)
    fresh.account.own_folder(fresh.folder / "data.new")
    fresh.account.write(fresh.folder / "data.new" / "PG_VERSION", "1")
    with fresh.held():
        assert ask(fresh.owner_dsn, "select 1") == 1


def test_a_socket_path_always_fits(cluster_folder: Path) -> None:
    for name in ("short", "x" * 120, "网" * 30, "a,b"):
        folder = Cluster(cluster_folder / name / "pg").socket_dir
        assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
        assert "," not in str(folder)


def test_a_long_and_awkward_path_works(cluster: Cluster, cluster_folder: Path) -> None:
    folder = cluster_folder / ("它 " + "x" * 90 + "'s")
    folder.mkdir()
    folder.chmod(0o711)
    long = Cluster(folder / "pg", cluster.options | {"shared_buffers": "32MB"})
    with long.held():
        assert ask(long.api_dsn, "select current_user") == "wangge_api"
    assert not list(long.socket_dir.glob(".s.PGSQL*"))
    long.socket_dir.rmdir()


def test_a_folder_of_somebody_else_is_refused(cluster_folder: Path) -> None:
    """Below /tmp anybody can lay a folder in our way."""
    target = cluster_folder / "target"
    target.mkdir()
    (cluster_folder / "link").symlink_to(target)
    with pytest.raises(InvalidInput) as caught:
        Account.for_cluster().own_folder(cluster_folder / "link")
    assert caught.value.key == "cli.foreign-folder"


def test_a_closed_home_sends_the_cluster_elsewhere(cluster_folder: Path) -> None:
    closed = cluster_folder / "closed"
    closed.mkdir(mode=0o700)
    found = place(closed / "clone" / "data")
    if os.geteuid() == 0:
        assert found.parent == Path("/var/lib/wangge")
        assert found != place(closed / "another" / "data")
    else:
        assert found == closed / "clone" / "data" / "postgres"


def test_a_missing_version_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        usable(major=7)
    assert caught.value.values["major"] == 7


def test_clones_are_apart(clone: Callable[..., Any], migrated: str) -> None:
    with clone(migrated) as one, clone(migrated) as other:
        with one.transaction() as cursor:
            cursor.execute("create table wangge.only_here ()")
        assert ask(other.owner_dsn, "select to_regclass('wangge.only_here') is null") is True


def test_the_shared_city_can_not_be_changed(city: Any) -> None:
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction), city.transaction() as cursor:
        cursor.execute("delete from wangge.cases")
