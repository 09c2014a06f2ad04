"""The connection pool, and transactions in which row-level security knows who asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import psycopg2
from psycopg2 import extensions
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from geo.errors import Conflict
from layers.identity import Identity, current

# Text reaches the socket as the bytes that PostgreSQL sent: nothing is decoded only to be encoded again.
RAW_TEXT = extensions.new_type((25, 114, 1043), "RAW_TEXT", extensions.BYTES)

PREPARED_LIMIT = 200
"""Statements that one connection keeps prepared; the longest unused goes first."""


class PreparedConnection(Connection):
    """A connection that remembers which statements it has prepared, by the hash of their text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared: OrderedDict[str, str] = OrderedDict()


def _set_identity(identity: Identity) -> tuple[str, tuple[str, ...]]:
    """Statement and values that make ``identity`` the asker until the transaction ends (SET LOCAL, as a function)."""
    statement = (
        "select set_config('wangge.role', %s, true), set_config('wangge.township', %s, true),"
        " set_config('wangge.key', %s, true)"
    )
    values = (identity.role, identity.township or "", "" if identity.key is None else str(identity.key))
    if identity.change_set is None:
        return statement, values
    return f"{statement}, set_config('wangge.change_set', %s, true)", (*values, str(identity.change_set))


class Database:
    """A pool of connections to one PostGIS database.

    Parameters
    ----------
    dsn : str
        libpq connection string.
    pool_size : int
        Connections at the most; each is opened when first needed and then kept, since opening costs more than a
        request.
    wait_s : float
        How long a request waits for a free connection before it is told that the service is busy.
    """

    def __init__(self, dsn: str, pool_size: int = 8, wait_s: float = 20.0) -> None:
        self.dsn = dsn
        self._wait_s = wait_s
        self._free: list[PreparedConnection] = []
        self._places = threading.BoundedSemaphore(pool_size)
        self._lock = threading.Lock()

    def connect(self) -> PreparedConnection:
        """A new connection of this database, outside of the pool."""
        opened: PreparedConnection = psycopg2.connect(self.dsn, connection_factory=PreparedConnection)
        with opened, opened.cursor() as cur:
            # times read as the city's clock shows them; compiling costs more than it saves on statements this short
            cur.execute("set timezone to 'Asia/Shanghai'; set jit to off")
        return opened

    @contextmanager
    def connection(self) -> Iterator[PreparedConnection]:
        """A pooled connection in autocommit mode; a broken one is not given back.

        Raises
        ------
        Conflict
            When every connection stays busy for longer than the wait.
        """
        if not self._places.acquire(timeout=self._wait_s):
            raise Conflict("database.busy")
        try:
            with self._lock:
                taken = self._free.pop() if self._free else None
            if taken is None or taken.closed:
                taken = self.connect()
                taken.autocommit = True
            try:
                yield taken
            except BaseException:
                if not taken.closed and taken.get_transaction_status() != extensions.TRANSACTION_STATUS_IDLE:
                    taken.close()
                raise
            finally:
                if not taken.closed:
                    with self._lock:
                        self._free.append(taken)
        finally:
            self._places.release()

    @contextmanager
    def transaction(self, identity: Identity | None = None) -> Iterator[Cursor]:
        """A cursor in one transaction, committed at the end, and rolled back by an error or by its own ``rollback``.

        Parameters
        ----------
        identity : Identity, optional
            Who row-level security sees; the context's identity when not given.
        """
        statement, values = _set_identity(identity or current())
        with self.connection() as taken, taken.cursor() as cur:
            # in one message with who asks, which psycopg2's own transactions do not allow
            asks = _prepared(taken, cur, statement, values)
            cur.execute(f"begin; {asks}", values)
            try:
                yield cur
                if taken.get_transaction_status() != extensions.TRANSACTION_STATUS_IDLE:
                    cur.execute("commit")
            except BaseException:
                if not taken.closed and taken.get_transaction_status() != extensions.TRANSACTION_STATUS_IDLE:
                    cur.execute("rollback")
                raise

    def fetch(
        self, sql: str, values: Sequence[object] = (), identity: Identity | None = None, *, prepare: bool = True
    ) -> list[tuple[Any, ...]]:
        """Rows of one reading statement, in one round trip, seen by ``identity``.

        Who asks and what is asked go as one message and so share one implicit transaction: the setting is gone after
        it.

        Parameters
        ----------
        sql : str
            A statement with ``%s`` placeholders.
        values : sequence
            One value a placeholder.
        identity : Identity, optional
            The context's identity when not given.
        prepare : bool
            Keep the statement prepared on the connection. Not for one whose best plan hangs on its values, as a
            bounding box's does.

        Returns
        -------
        list of tuple
            Text and JSON columns come as bytes.
        """
        head, asker = _set_identity(identity or current())
        with self.connection() as taken, taken.cursor() as cur:
            extensions.register_type(RAW_TEXT, cur)
            if prepare:
                cur.execute(f"{head}; {_prepared(taken, cur, sql, values)}", (*asker, *values))
            else:
                cur.execute(f"{head}; {sql}", (*asker, *values))
            return cur.fetchall()

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            while self._free:
                self._free.pop().close()


def execute(cur: Cursor, sql: str, values: Sequence[object] = ()) -> None:
    """What ``cur.execute`` does, with the statement kept prepared on its connection.

    For short statements within a transaction that many requests have in common: to plan them costs more than to run
    them.

    Parameters
    ----------
    cur : cursor
        Of a pooled connection.
    sql : str
        One statement with ``%s`` placeholders whose types PostgreSQL can tell.
    values : sequence
        One value a placeholder.
    """
    taken = cur.connection
    if not isinstance(taken, PreparedConnection):
        raise TypeError("only connections of the pool keep statements")
    cur.execute(_prepared(taken, cur, sql, values), tuple(values))


def _prepared(taken: PreparedConnection, cur: Cursor, sql: str, values: Sequence[object]) -> str:
    """Text that executes a statement which the connection holds prepared."""
    name = _prepared_name(taken, cur, sql)
    return f"execute {name}({', '.join(['%s'] * len(values))})" if values else f"execute {name}"


def _prepared_name(taken: PreparedConnection, cur: Cursor, sql: str) -> str:
    """Name under which the connection holds ``sql`` prepared; prepares it first where needed."""
    known = taken.prepared.get(sql)
    if known is not None:
        taken.prepared.move_to_end(sql)
        return known
    name = "q" + blake2b(sql.encode(), digest_size=12).hexdigest()
    numbered = iter(range(1, sql.count("%s") + 1))
    pieces = sql.split("%s")
    text = pieces[0] + "".join(f"${next(numbered)}{piece}" for piece in pieces[1:])
    cur.execute(f"prepare {name} as {text.replace('%%', '%')}")
    taken.prepared[sql] = name
    if len(taken.prepared) > PREPARED_LIMIT:
        _, oldest = taken.prepared.popitem(last=False)
        cur.execute(f"deallocate {oldest}")
    return name


_bound: Database | None = None


def bind(database: Database) -> Database:
    """Make ``database`` the one of this process: pygeoapi builds providers by name and can't be handed one."""
    global _bound
    _bound = database
    return database


def bound() -> Database:
    """The database of this process.

    Raises
    ------
    RuntimeError
        When none was bound.
    """
    if _bound is None:
        raise RuntimeError("no database is bound: call layers.database.database.bind first")
    return _bound
