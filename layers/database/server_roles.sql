-- The roles of the service. To be run by a superuser on the server; running it again changes nothing.
-- wangge_owner owns every table and migrates; wangge_api answers requests, owns nothing and can't pass by row-level
-- security, so that what a policy hides stays hidden whatever a request makes of its SQL.
do $$
begin
    if not exists (select from pg_roles where rolname = 'wangge_owner') then
        create role wangge_owner login nosuperuser nocreaterole nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'wangge_api') then
        create role wangge_api login nosuperuser nocreaterole nocreatedb nobypassrls;
    end if;
    -- The group of those who edit grids in the database itself, in QGIS or psql: each has a login of his own in it.
    if not exists (select from pg_roles where rolname = 'wangge_editor') then
        create role wangge_editor nologin nosuperuser nocreaterole nocreatedb nobypassrls;
    end if;
end
$$;

-- A request that a client has given up must not go on for minutes.
alter role wangge_api set statement_timeout = '30s';
alter role wangge_api set idle_in_transaction_session_timeout = '60s';

-- Compiling costs more than it saves on queries of a few milliseconds: tiles took twice the time with it.
alter role wangge_api set jit = off;
alter role wangge_owner set jit = off;
