"""Editors who publish at once while they, the web server and PostgreSQL are killed: every set that was answered with
success is there whole, and no other in part.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psycopg2
from cloning import Clone
from editing import faults, ground_only, rows
from publishing_storm import storm

from config.machine.cluster import Cluster
from layers.database.migrate import migrate
from layers.database.server import OWNER, create_database, create_extensions
from layers.sample import load_sample

SETS = int(os.environ.get("STORM_SETS", "24"))
WORKERS = 8 if SETS >= 200 else 4


def test_no_set_is_half_published_and_none_is_lost(cluster_folder: Path, tmp_path: Path) -> None:
    """With fsync on, as in service; the full run is 200 sets from 8 editors at once: STORM_SETS=200."""
    with Cluster(cluster_folder / "storm", {"shared_buffers": "128MB"}).held() as cluster:
        create_database(cluster.admin_dsn, "city")
        create_extensions(cluster.dsn("postgres", "city"))
        migrate(cluster.dsn(OWNER, "city"))
        connection = psycopg2.connect(cluster.dsn(OWNER, "city"))
        load_sample(connection, city=ground_only())
        connection.close()
        database = Clone(cluster, "city", read_only=False)
        told = storm(
            cluster, database, tmp_path, workers=WORKERS, sets=-(-SETS // WORKERS), kills=max(3, SETS // 13), seed=7
        )
        database.close()
        database = Clone(cluster, "city", read_only=False)
        check(database, told)
        database.close()


def check(database: Any, told: list[Any]) -> None:
    """What holds of a database after any storm."""
    published = dict(rows(database, "select id, change_set from wangge.publications"))
    print(f"{len(told)} answered, {len(published)} published")
    assert len(told) > SETS / 4
    # every one that was answered is there, under its number
    assert {number: change_set for number, change_set, _ in told}.items() <= published.items()
    for number, _, codes in told:
        left = rows(database, "select code from wangge.publication_grids where publication = %s and side = 'after'"
                    " order by 1", number)
        assert [code for (code,) in left] == codes
    # a set is published with its publication or not at all
    states = rows(database, "select id from wangge.change_sets where state = 'published' order by 1")
    assert [id_ for (id_,) in states] == sorted(published.values())
    # each grid of today is what its publication left, and each publication left what is there or what a later one took
    stray = rows(
        database,
        "select count(*) from wangge.grids where publication is not null and valid_to is null and not exists ("
        " select from wangge.publication_grids as kept where kept.publication = grids.publication and side = 'after'"
        " and kept.code = grids.code and kept.population is not distinct from grids.population)",
    )
    assert stray == [(0,)]
    twice = rows(database, "select code from wangge.grids where valid_to is null group by code having count(*) > 1")
    assert twice == []
    shares = rows(
        database,
        "select publication, before_code, sum(share_of_before) from wangge.grid_lineage where before_code is not null"
        " group by 1, 2 having abs(sum(share_of_before) - 1) > 1e-12",
    )
    assert shares == []
    reused = rows(
        database,
        "select code from wangge.publication_grids where side = 'after' and code not in (select code from"
        " wangge.publication_grids as b where b.side = 'before' and b.publication = publication_grids.publication)"
        " group by code having count(*) > 1",
    )
    assert reused == []
    assert faults(database) == []
