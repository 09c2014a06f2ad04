"""Default styles of the tables, where QGIS looks for them when it opens a table directly."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg2.extensions import cursor as Cursor

from layers.catalogue.layer import Layer

_WRITE = """
    insert into public.layer_styles as known
        (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, stylename, styleqml, stylesld, useasdefault,
        description, type)
    values (current_database(), 'wangge', %s, 'geom', 'wangge', %s::xml, %s::xml, true, %s, %s)
    on conflict (f_table_catalog, f_table_schema, f_table_name, stylename) do update
        set styleqml = excluded.styleqml, stylesld = excluded.stylesld, description = excluded.description,
            update_time = current_timestamp
        where known.styleqml::text <> excluded.styleqml::text or known.stylesld::text <> excluded.stylesld::text
"""


def write_layer_styles(cur: Cursor, styles: Iterable[tuple[Layer, str, str]]) -> None:
    """Make the default style of each table that of the catalogue; what staff saved under other names stays.

    Parameters
    ----------
    cur : cursor
        Of the owner.
    styles : iterable of (Layer, str, str)
        Layer, its style as QML and as SLD.
    """
    for layer, qml, sld in styles:
        # PostgreSQL takes a document type only with a document, which a QML is once its declaration is gone
        kind = "Point" if layer.geometry_type == "Point" else "Polygon"
        cur.execute(_WRITE, (layer.table, qml.partition("\n")[2], sld.partition("\n")[2], layer.title.zh, kind))
