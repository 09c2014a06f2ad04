"""Where the data is: the private cluster, or the server that an administrator named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from config.machine.cluster import Cluster, place
from config.settings import Settings

if TYPE_CHECKING:
    from layers.database.database import Database


def cluster_of(settings: Settings) -> Cluster:
    """The private cluster that belongs to these settings; it need not exist yet."""
    return Cluster(place(settings.data_dir))


@contextmanager
def reachable(settings: Settings) -> Iterator[Settings]:
    """Settings with both addresses of a database that answers for as long as the block lasts.

    A private cluster is made and started where needed, and stopped at the end by whoever leaves it last.

    Raises
    ------
    InvalidInput
        When the machine can't run a cluster, with what to do.
    """
    if not settings.private_cluster:
        yield settings
        return
    with cluster_of(settings).held() as cluster:
        yield settings.model_copy(update={"database_url": cluster.owner_dsn, "api_database_url": cluster.api_dsn})


@contextmanager
def as_owner(settings: Settings) -> Iterator[Database]:
    """The database as its owner, at the schema of this version, for one command."""
    from layers.database.database import Database
    from layers.database.migrate import migrate

    with reachable(settings) as complete:
        migrate(complete.owner_dsn)
        database = Database(complete.owner_dsn, pool_size=2)
        try:
            yield database
        finally:
            database.close()
