-- One edit over the web asked a dozen times who asks, and each time the catalogue of roles. The service's own login is no
-- editor's: for it the question is answered where it is asked.

-- Whether the login of this session is an editor's.
create function wangge.is_editors_login() returns boolean
    language sql stable set search_path = pg_catalog, pg_temp
    return exists (
        select from pg_roles as editors, pg_roles as asker
        where editors.rolname = 'wangge_editor' and asker.rolname = session_user and not asker.rolsuper
            and pg_has_role(asker.oid, editors.oid, 'member'));

-- Whether somebody is connected as himself and not as the service: then his login says who he is, whatever he sets.
-- Without a search path of its own it is put into the statement that asks; its names were looked up when it was made.
create or replace function wangge.edits_directly() returns boolean
    language sql stable
    return case when session_user = 'wangge_api'::name then false else wangge.is_editors_login() end;
alter function wangge.edits_directly() reset all;
