"""A PostgreSQL cluster of our own: made, started and stopped with the service.

It listens on a unix socket only, inside a folder that no other account can enter. Who connects is what the kernel says
(peer authentication): the caller's account and root may be any of our roles, everybody else none, so there is no
password to keep. The address asks in turn that the server be run by the expected account.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from psycopg2.extensions import make_dsn

from config.machine.account import Account
from config.machine.memory import memory_mb
from config.machine.postgres import Postgres, usable
from config.machine.running import start_tick
from geo.errors import InvalidInput
from layers.database.server import (
    API,
    DATABASE,
    OWNER,
    create_database,
    create_extensions,
    create_roles,
    database_exists,
)

ADMIN = "postgres"
PORT = 5432
SOCKET_PATH_BYTES = 107  # what the kernel takes, without the closing zero


class Cluster:
    """The private cluster below one folder.

    Parameters
    ----------
    folder : Path
        Its place; the account that runs it has to be able to pass there (`place` finds one).
    options : mapping, optional
        Settings of PostgreSQL that come before ours.
    """

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.options = dict(options or {})
        self.data = self.folder / "data"
        self.log = self.folder / "log"

    @cached_property
    def account(self) -> Account:
        """Who runs it."""
        return Account.for_cluster()

    @cached_property
    def postgres(self) -> Postgres:
        """Programs of the version that made it, or of the newest one installed while it isn't made."""
        return usable(int((self.data / "PG_VERSION").read_text()) if self.made() else None)

    @property
    def socket_dir(self) -> Path:
        """Folder of the socket: in the cluster's, or below /tmp where that path would be too long for a socket."""
        ours = self.folder / "run"
        longest = os.fsencode(ours / f".s.PGSQL.{PORT}")
        # libpq and the server both take a comma as the end of one of several hosts.
        if len(longest) <= SOCKET_PATH_BYTES and b"," not in longest:
            return ours
        return Path("/tmp") / f"wangge-{_digest(self.folder)}"

    def dsn(self, role: str, database: str = DATABASE) -> str:
        """Address of a database of the cluster as one of its roles, in libpq's form."""
        address: str = make_dsn(
            host=str(self.socket_dir), port=PORT, user=role, dbname=database, requirepeer=self.account.name
        )
        return address

    @property
    def owner_dsn(self) -> str:
        """Address as the owner of the tables."""
        return self.dsn(OWNER)

    @property
    def api_dsn(self) -> str:
        """Address as the role the service works as."""
        return self.dsn(API)

    @property
    def admin_dsn(self) -> str:
        """Address as the superuser, in the database that is always there."""
        return self.dsn(ADMIN, "postgres")

    def made(self) -> bool:
        """Whether the cluster exists on disk."""
        return (self.data / "PG_VERSION").is_file()

    def running(self) -> bool:
        """Whether its server runs.

        Not by ``pg_ctl status``: that takes a killed server for a running one until its parent has collected it, and
        any process that was given its number since.
        """
        try:
            pid = int((self.data / "postmaster.pid").read_text().split(maxsplit=1)[0])
        except (OSError, ValueError, IndexError):
            return False
        return start_tick(pid) is not None and Path(f"/proc/{pid}/cwd").resolve() == self.data.resolve()

    def ensure(self) -> None:
        """Make what is missing, down to the empty database with its extensions, and leave the server running.

        A server that runs already (its service was killed) is taken over. Two callers at once wait for each other.
        """
        self._make_folder()
        with (self.folder / "ensure.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.made():
                self._make()
            self._configure()
            self.start()
            create_roles(self.admin_dsn)
            if not database_exists(self.admin_dsn, DATABASE):
                create_database(self.admin_dsn, DATABASE)
            create_extensions(self.dsn(ADMIN))

    def start(self) -> None:
        """Start the server unless it runs; returns when it takes connections."""
        if self.running():
            return
        self.account.own_folder(self.socket_dir)
        self._run("chmod", "0700", self.data)  # the server refuses data that others could read, as after a chmod -R
        # What a killed server left: until its parent has collected it, the next one would take it for alive. A child of
        # it that still writes is found by the shared memory, and ends by itself when it notices: hence the tries.
        left = [self.data / "postmaster.pid", self.socket_dir / f".s.PGSQL.{PORT}.lock"]
        tries = 6 if any(path.exists() for path in left) else 1
        for path in left:
            path.unlink(missing_ok=True)
        for attempt in range(1, tries + 1):
            try:
                self._control("start", "--log", self.log / "start.log")
            except InvalidInput:
                if attempt == tries:
                    raise
                time.sleep(0.3 * attempt)
            else:
                return

    def stop(self) -> None:
        """Stop the server unless it is stopped; open transactions are rolled back, and the data is on disk."""
        if self.running():
            self._control("stop", "--mode", "fast")

    @contextmanager
    def held(self) -> Iterator[Cluster]:
        """The running cluster for as long as the block lasts; the last of all holders stops it.

        The kernel drops a holder's share when it dies, however it does.
        """
        self._make_folder()
        with (self.folder / "use.lock").open("w") as share:
            fcntl.flock(share, fcntl.LOCK_SH)
            self.ensure()
            try:
                yield self
            finally:
                try:
                    fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still works on it and will stop it
                else:
                    self.stop()

    def _make_folder(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.account.own_folder(self.folder)

    def _make(self) -> None:
        # Built beside its place and moved there whole, so that a cluster is there or not, even after a power cut.
        unfinished = self.folder / "data.new"
        self._run("rm", "-rf", unfinished)
        self._run(
            self.postgres.program("initdb"), "-D", unfinished, "-U", ADMIN, "--encoding=UTF8", "--locale=C.UTF-8",
            "--auth=peer", "--data-checksums", *(["--no-sync"] if self.options.get("fsync") == "off" else []),
        )  # fmt: skip
        self._run("mkdir", "-p", self.log)
        self._run("sh", "-c", 'echo "include \'wangge.conf\'" >>"$1/postgresql.conf"', "sh", unfinished)
        self._run("mv", unfinished, self.data)

    def _configure(self) -> None:
        """Write the settings, which follow this version of the code and the memory of this machine."""
        roles = (ADMIN, OWNER, API)
        accounts = dict.fromkeys((self.account.name, Account.of_caller().name, "root"))
        self._put("pg_hba.conf", "local all all peer map=wangge\n")
        self._put("pg_ident.conf", "".join(f'wangge "{who}" {role}\n' for who in accounts for role in roles))
        buffers = min(max(memory_mb() // 4, 64), 2048)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "shared_buffers": f"{buffers}MB",
            "effective_cache_size": f"{max(memory_mb() // 2, 128)}MB",
            "work_mem": "32MB",
            "maintenance_work_mem": "256MB",
            "random_page_cost": "1.1",
            "jit": "off",
            # Days are the city's days; China has one time zone.
            "timezone": "Asia/Shanghai",
            "log_timezone": "Asia/Shanghai",
            "lc_messages": "C",
            # One file for each weekday, overwritten a week later: the log can't fill the disk.
            "logging_collector": "on",
            "log_directory": str(self.log),
            "log_filename": "postgresql-%a.log",
            "log_truncate_on_rotation": "on",
            "log_rotation_age": "1d",
            "log_rotation_size": "0",
        } | self.options
        quoted = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
        self._put("wangge.conf", "".join(quoted))

    def _put(self, name: str, text: str) -> None:
        path = self.data / name
        if not path.exists() or path.read_text("utf-8") != text:
            self.account.write(path, text)

    def _control(self, action: str, *arguments: str | Path) -> None:
        self._run(self.postgres.program("pg_ctl"), "-D", self.data, "--wait", "--timeout=60", action, *arguments)

    def _run(self, *command: str | Path) -> None:
        done = self.account.run(command)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise InvalidInput("cli.cluster-failed", step=Path(command[0]).name, said=" ".join(said[-2:]), log=self.log)


def place(data_dir: Path) -> Path:
    """Folder for the cluster that belongs to a data folder: in it, where the account that runs PostgreSQL can pass.

    Root's own folders are closed to that account; the cluster is then in /var/lib/wangge, by the data folder's path.
    """
    home = data_dir.absolute() / "postgres"
    if os.geteuid() != 0 or home.exists():
        return home
    if not data_dir.exists():
        data_dir.mkdir(parents=True)
        data_dir.chmod(0o755)
    if Account.for_cluster().can_enter(data_dir):
        return home
    return Path("/var/lib/wangge") / _digest(data_dir)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]
