"""A database that was cloned from a template, for the fixtures `db`, `city` and `city_copy`."""

from __future__ import annotations

from config.machine.cluster import ADMIN, Cluster
from layers.database.database import Database
from layers.database.server import API, OWNER


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

    def __init__(self, cluster: Cluster, name: str, *, read_only: bool) -> None:
        options = " options='-c default_transaction_read_only=on'" if read_only else ""
        self.name = name
        self.owner_dsn, self.api_dsn, self.admin_dsn = (
            cluster.dsn(role, name) + options for role in (OWNER, API, ADMIN)
        )
        super().__init__(self.owner_dsn, pool_size=4)
        self.api = Database(self.api_dsn, pool_size=4)

    def close(self) -> None:
        """Close both pools."""
        super().close()
        self.api.close()
