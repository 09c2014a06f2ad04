"""A database that is ready to serve: migrated, and with the sample city where it had nothing."""

from __future__ import annotations

from contextlib import closing

import psycopg2

from config.settings import Settings
from config.terminal import Terminal


def prepare(settings: Settings, terminal: Terminal, *, empty: bool) -> None:
    """Bring the database to the schema of this version and, unless ``empty``, load the sample city into a bare one.

    Parameters
    ----------
    settings : Settings
        With the addresses of a database that answers.
    terminal : Terminal
        Shows how far the sample has come.
    empty : bool
        Leave a bare database bare.
    """
    from layers.database.bare import is_bare
    from layers.database.migrate import migrate

    migrate(settings.owner_dsn)
    _write_styles(settings)
    if empty:
        return
    with closing(psycopg2.connect(settings.owner_dsn)) as connection:
        bare = is_bare(connection)
        if bare:
            from layers.sample import load_sample

            load_sample(connection, terminal.progress)
    if bare:
        _make_sample_key(settings)


def _write_styles(settings: Settings) -> None:
    """Hand QGIS the styles of this version, for those who open the tables directly."""
    from config.styles.qml import layer_qml
    from config.styles.sld import layer_sld
    from layers.catalogue.catalogue import VECTOR_LAYERS
    from layers.database.styles import write_layer_styles

    with closing(psycopg2.connect(settings.owner_dsn)) as connection, connection, connection.cursor() as cur:
        write_layer_styles(cur, ((layer, layer_qml(layer, "zh"), layer_sld(layer, "zh")) for layer in VECTOR_LAYERS))


def _make_sample_key(settings: Settings) -> None:
    """Make the key that `sample_key` reads: the sample is nobody's data, so this one key may be kept in the clear."""
    from layers.database.database import Database
    from layers.keys import add_key

    database = Database(settings.owner_dsn, pool_size=1)
    try:
        key = add_key(database, "staff", None, "sample")
    finally:
        database.close()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / "sample-key"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(key + "\n", "utf-8")


def sample_key(settings: Settings) -> str | None:
    """The staff key of the sample city; None where this data folder never had the sample."""
    path = settings.data_dir / "sample-key"
    return path.read_text("utf-8").strip() if path.is_file() else None
