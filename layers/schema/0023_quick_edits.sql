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

-- The same two as before, in the language whose plans a session keeps: the other one plans them anew in every statement.
create or replace function wangge.asked_set() returns integer
    language plpgsql stable security definer set search_path = wangge, pg_temp
as $$
declare
    named text := nullif(current_setting('wangge.change_set', true), '');
begin
    if named is null then
        return (select id from change_sets where owner = wangge.asking_owner() and is_current);
    end if;
    return (select id from change_sets where id = named::integer);
end
$$;

create or replace function wangge.asking_author() returns text
    language plpgsql stable security definer set search_path = wangge, pg_temp
as $$
begin
    if wangge.edits_directly() then
        return session_user::text;
    end if;
    return coalesce((select name from keys where id = wangge.asking_key()), 'local');
end
$$;

-- Puts what is told of a grid of the working copy into the edit of a set: columns by name, and its ground where that is not
-- null. The caller has locked the set. Null where the set has no such grid.
create function wangge.keep_edit(target integer, wanted text, what text, told jsonb, ground geometry)
    returns wangge.edited_grids
    language plpgsql set search_path = wangge, public, pg_temp
as $$
declare
    edit edited_grids;
    base grids;
begin
    select * into edit from edited_grids where change_set = target and id = wanted;
    if edit.id is null then
        select * into base from grids where id = wanted and valid_to is null;
        if base.id is null then
            return null;
        end if;
        edit.name := base.name;
        edit.kind := base.kind;
        edit.village_code := base.village_code;
        edit.population := base.population;
        edit.leaders := base.leaders;
        edit.members := base.members;
        edit.info_managers := base.info_managers;
        edit.instructors := base.instructors;
        edit.volunteers := base.volunteers;
        edit.party_organisation := base.party_organisation;
        edit := jsonb_populate_record(edit, told);
        insert into edited_grids (change_set, id, fid, op, base_fid, base_publication, code, name, kind, village_code,
            population, leaders, members, info_managers, instructors, volunteers, party_organisation, edited_by, geom)
        values (target, wanted, base.fid, what, base.fid, base.publication, base.code, edit.name, edit.kind,
            edit.village_code, edit.population, edit.leaders, edit.members, edit.info_managers, edit.instructors,
            edit.volunteers, edit.party_organisation, wangge.asking_author(), coalesce(ground, base.geom))
        returning * into edit;
        return edit;
    end if;
    if edit.op = 'delete' then
        return null;
    end if;
    -- ground that is written is measured anew, so it is named only where there is any
    if ground is null or told <> '{}' then
        edit := jsonb_populate_record(edit, told);
        update edited_grids set op = case what when 'delete' then what else op end, version = nextval('edit_versions'),
            name = edit.name, kind = edit.kind, village_code = edit.village_code, population = edit.population,
            leaders = edit.leaders, members = edit.members, info_managers = edit.info_managers,
            instructors = edit.instructors, volunteers = edit.volunteers, party_organisation = edit.party_organisation,
            edited_at = now(), edited_by = wangge.asking_author()
        where change_set = target and id = wanted returning * into edit;
    end if;
    if ground is not null then
        update edited_grids set version = nextval('edit_versions'), edited_at = now(), edited_by = wangge.asking_author(),
            geom = ground
        where change_set = target and id = wanted returning * into edit;
    end if;
    return edit;
end
$$;

-- The service's way to change a grid of the working copy, past the view and its plan: the set, and the version of the
-- grid's row afterwards, null where there is no such grid.
create function wangge.change_grid(wanted text, told jsonb, ground geometry, out change_set integer, out version text)
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
begin
    change_set := wangge.writable_set();
    version := 'e' || (wangge.keep_edit(change_set, wanted, 'update', told, ground)).version;
end
$$;

-- As before, but for where an update or a deletion is kept.
create or replace function wangge.write_grid_edit() returns trigger
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
declare
    target integer := wangge.writable_set();
    there text;
    place record;
    kept edited_grids;
begin
    if tg_op <> 'DELETE' and new.geom is not null and not st_isvalid(new.geom) then
        select reason, st_x(location) as x, st_y(location) as y into place from st_isvaliddetail(new.geom);
        raise exception '几何无效（%, %）：% / the geometry is invalid at (%, %): %', place.x, place.y, place.reason,
            place.x, place.y, place.reason using errcode = 'WG400';
    end if;
    if tg_op = 'INSERT' then
        insert into edited_grids (change_set, id, fid, op, name, kind, village_code, population, leaders, members,
            info_managers, instructors, volunteers, party_organisation, edited_by, geom)
        select target, 'new-' || number, -number, 'create', new.name, coalesce(new.kind, 'social'),
            coalesce(new.village_code, wangge.village_of(new.geom)), new.population, new.leaders, new.members,
            new.info_managers, new.instructors, new.volunteers, new.party_organisation, wangge.asking_author(), new.geom
        from nextval('wangge.new_grids') as number
        returning fid, id, op, kind, village_code, township_code, area_m2, edited_at, 'e' || version
        into new.fid, new.id, new.op, new.kind, new.village_code, new.township_code, new.area_m2, new.edited_at, new.xmin;
        return new;
    end if;
    -- the set was locked just now, and the statement read the row before: somebody may have written it in between
    select coalesce((select 'e' || version from edited_grids where change_set = target and id = old.id),
        (select xmin::text from grids where id = old.id and valid_to is null)) into there;
    if there is distinct from old.xmin then
        raise exception '网格 % 刚被修改 / grid % was changed just now', old.id, old.id using errcode = '40001';
    end if;
    if tg_op = 'DELETE' then
        delete from edited_grids where change_set = target and id = old.id and op = 'create';
        if not found then
            perform wangge.keep_edit(target, old.id, 'delete', '{}', null);
        end if;
        return old;
    end if;
    if new.geom is null then
        raise not_null_violation using column = 'geom', table = 'edited_grids', schema = 'wangge',
            message = 'a grid has a geometry';
    end if;
    kept := wangge.keep_edit(target, old.id, 'update',
        jsonb_build_object('name', new.name, 'kind', new.kind, 'village_code', new.village_code,
            'population', new.population, 'leaders', new.leaders, 'members', new.members,
            'info_managers', new.info_managers, 'instructors', new.instructors, 'volunteers', new.volunteers,
            'party_organisation', new.party_organisation),
        case when not st_orderingequals(new.geom, old.geom) then new.geom end);
    new.fid := kept.fid;
    new.op := kept.op;
    new.code := kept.code;
    new.township_code := kept.township_code;
    new.area_m2 := kept.area_m2;
    new.edited_at := kept.edited_at;
    new.xmin := 'e' || kept.version;
    return new;
end
$$;

revoke all on function wangge.keep_edit(integer, text, text, jsonb, geometry) from public;
revoke all on function wangge.change_grid(text, jsonb, geometry) from public;
grant execute on function wangge.change_grid(text, jsonb, geometry) to wangge_api;
