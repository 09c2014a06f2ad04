-- Styles for those who open the tables in QGIS directly: a table of this name and form is where QGIS looks for the default
-- style of a layer by itself. It is filled from the catalogue when the service starts.
create table public.layer_styles (
    id serial primary key,
    f_table_catalog varchar not null,
    f_table_schema varchar not null,
    f_table_name varchar not null,
    f_geometry_column varchar not null,
    stylename text not null,
    styleqml xml,
    stylesld xml,
    useasdefault boolean not null,
    description text,
    owner varchar(63) default current_user,
    ui xml,
    update_time timestamp default current_timestamp,
    type varchar
);
create unique index layer_styles_ours on public.layer_styles (f_table_catalog, f_table_schema, f_table_name, stylename);
grant select on public.layer_styles to public;
