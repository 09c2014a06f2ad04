-- Changing grids: the working copy that editors write, a set at a time, and what each publication made of it.
-- Nobody writes wangge.grids here but wangge.commit_publication(), and whoever loads a layer as its owner.

-- Which publication wrote a row; null for one that was loaded. A publication ends rows and writes new ones, or on the day
-- on which a row began changes it in place: so the number of the row and this one together say whether it is still the
-- row that an edit was taken from.
alter table wangge.grids add column publication integer;

create table wangge.change_sets (
    id integer generated always as identity primary key,
    title text not null check (title <> ''),
    -- name of the key or of the login, never that of a person
    author text not null,
    owner text not null,
    state text not null default 'open' check (state in ('open', 'published', 'abandoned')),
    -- the one that is written to where no other is named
    is_current boolean not null default false,
    -- version of the layer of grids when it was opened
    base_version bigint not null,
    -- the publication that it takes back
    reverses integer,
    opened_at timestamptz not null default now(),
    closed_at timestamptz,
    check ((state = 'open') = (closed_at is null)),
    check (state = 'open' or not is_current)
);
create unique index change_sets_current on wangge.change_sets (owner) where is_current;

create sequence wangge.edit_versions;
create sequence wangge.new_grids;

create table wangge.edited_grids (
    change_set integer not null references wangge.change_sets (id) on delete cascade,
    -- that of the grid as it is published; a name until publication for a new one
    id text not null,
    -- that of the published row, so that it stays while the row is edited; below zero for a new one
    fid bigint not null,
    op text not null check (op in ('create', 'update', 'delete')),
    base_fid bigint,
    base_publication integer,
    version bigint not null default nextval('wangge.edit_versions'),
    code text,
    name text,
    kind text not null check (kind in ('social', 'dedicated')),
    village_code text check (length(village_code) = 12),
    township_code text generated always as (left(village_code, 9)) stored,
    area_m2 double precision,
    population integer check (population >= 0),
    leaders smallint check (leaders >= 0),
    members smallint check (members >= 0),
    info_managers smallint check (info_managers >= 0),
    instructors smallint check (instructors >= 0),
    volunteers smallint check (volunteers >= 0),
    party_organisation text,
    edited_at timestamptz not null default now(),
    edited_by text not null,
    geom geometry(MultiPolygon, 4490) not null check (st_isvalid(geom) and not st_isempty(geom)),
    mercator geometry(MultiPolygon, 3857) generated always as (st_forcepolygoncw(st_transform(geom, 3857))) stored,
    clearance double precision generated always as (st_minimumclearance(st_transform(geom, 3857))) stored,
    primary key (change_set, id),
    unique (change_set, fid),
    check ((op = 'create') = (base_fid is null) and (op = 'create') = (code is null))
);
create index edited_grids_geom on wangge.edited_grids using gist (geom);
create trigger edited_grids_area before insert or update of geom on wangge.edited_grids
    for each row execute function wangge.measure_area();
create trigger edited_grids_version after insert or update or delete or truncate on wangge.edited_grids
    for each statement execute function wangge.raise_version('grid-edits');
create trigger change_sets_version after insert or update or delete or truncate on wangge.change_sets
    for each statement execute function wangge.raise_version('grid-edits');
-- the working copy shows what is published wherever it does not differ
create trigger grids_version_of_edits after insert or update or delete or truncate on wangge.grids
    for each statement execute function wangge.raise_version('grid-edits');

alter table wangge.findings add column change_set integer references wangge.change_sets (id) on delete cascade;
create index findings_change_set on wangge.findings (change_set) where change_set is not null;

-- --- who edits, and in which set

-- Whether somebody is connected as himself and not as the service: then his login says who he is, whatever he sets.
create function wangge.edits_directly() returns boolean
    language sql stable set search_path = pg_catalog, pg_temp
    return exists (
        select from pg_roles as editors, pg_roles as asker
        where editors.rolname = 'wangge_editor' and asker.rolname = session_user and not asker.rolsuper
            and pg_has_role(asker.oid, editors.oid, 'member'));

create function wangge.may_edit() returns boolean
    language sql stable
    return wangge.edits_directly() or wangge.asking_role() in ('editor', 'admin');

create function wangge.asking_owner() returns text
    language sql stable
    return case when wangge.edits_directly() then 'login ' || session_user
        else coalesce('key ' || wangge.asking_key(), 'local') end;

-- The set that is looked at: the one that is named, else the asker's current one; null for none, which shows what is
-- published.
create function wangge.asked_set() returns integer
    language sql stable security definer set search_path = wangge, pg_temp
as $$
    select id from wangge.change_sets
    where case when nullif(current_setting('wangge.change_set', true), '') is null
        then owner = wangge.asking_owner() and is_current
        else id = current_setting('wangge.change_set', true)::integer end
$$;

-- The set that is written to, locked until the transaction ends; it is opened where the asker has none.
-- Errors: WG401 not an editor, WG404 no such set, WG403 the set of another, WG409 not open any more.
create function wangge.writable_set(named integer default null) returns integer
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    asker text := wangge.asking_owner();
    wanted integer := coalesce(named, nullif(current_setting('wangge.change_set', true), '')::integer);
    found_set wangge.change_sets;
begin
    if not wangge.may_edit() then
        raise exception '只有编辑人员可以修改网格 / only editors change grids' using errcode = 'WG401';
    end if;
    if wanted is null then
        insert into change_sets (title, author, owner, is_current, base_version)
        select to_char(now() at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), wangge.asking_author(), asker, true,
            coalesce((select version from layer_versions where layer = 'grids'), 0)
        where not exists (select from change_sets where owner = asker and is_current)
        on conflict (owner) where is_current do nothing;
        select * into found_set from change_sets where owner = asker and is_current for update;
    else
        select * into found_set from change_sets where id = wanted for update;
    end if;
    if found_set.id is null then
        raise exception '没有变更集 % / there is no change set %', wanted, wanted using errcode = 'WG404';
    elsif found_set.owner <> asker and (wangge.edits_directly() or wangge.asking_role() <> 'admin') then
        raise exception '变更集 % 属于他人 / change set % is another''s', found_set.id, found_set.id
            using errcode = 'WG403', detail = found_set.author;
    elsif found_set.state <> 'open' then
        raise exception '变更集 % 已关闭 / change set % is closed', found_set.id, found_set.id
            using errcode = 'WG409', detail = found_set.state;
    end if;
    return found_set.id;
end
$$;

-- Name of the key or login for the record; the service says that of the key.
create function wangge.asking_author() returns text
    language sql stable security definer set search_path = wangge, pg_temp
as $$
    select case when wangge.edits_directly() then session_user::text
        else coalesce((select name from wangge.keys where id = wangge.asking_key()), 'local') end
$$;

-- --- the working copy: the city as the set would make it, written through triggers

create view wangge.grid_edits as
select fid, xmin::text as xmin, id, 'unchanged' as op, code, name, kind, village_code, township_code, area_m2, population,
    leaders, members, info_managers, instructors, volunteers, party_organisation, null::timestamptz as edited_at,
    geom, mercator, clearance
from wangge.grids
where valid_to is null and (select wangge.may_edit())
    and not exists (
        select from wangge.edited_grids as edited
        where edited.change_set = (select wangge.asked_set()) and edited.id = grids.id)
union all
select fid, 'e' || version, id, op, code, name, kind, village_code, township_code, area_m2, population,
    leaders, members, info_managers, instructors, volunteers, party_organisation, edited_at,
    geom, mercator, clearance
from wangge.edited_grids
where change_set = (select wangge.asked_set()) and op <> 'delete' and (select wangge.may_edit());

-- The village that has most of a ground; null where none has any.
create function wangge.village_of(ground geometry) returns text
    language sql stable security definer set search_path = wangge, public, pg_temp
as $$
    select code from wangge.divisions
    where level = 'village' and geom && ground and st_intersects(geom, ground)
    order by st_area(st_intersection(geom, ground)) desc, code limit 1
$$;

-- An edit changes one row of the working copy. It needs a valid polygon; that it fits its neighbours is looked at when the
-- set is published. What the city decides (id, code, area, township) keeps its value whatever is written there.
create function wangge.write_grid_edit() returns trigger
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
declare
    target integer := wangge.writable_set();
    there text;
    place record;
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
        if found then
            return old;
        end if;
        new := old;
    end if;
    insert into edited_grids as known (change_set, id, fid, op, base_fid, base_publication, code, name, kind, village_code,
        population, leaders, members, info_managers, instructors, volunteers, party_organisation, edited_by, geom)
    select target, old.id, old.fid, case tg_op when 'DELETE' then 'delete' else coalesce(edited.op, 'update') end,
        case when edited.id is null then base.fid else edited.base_fid end,
        case when edited.id is null then base.publication else edited.base_publication end,
        old.code, new.name, new.kind, new.village_code, new.population, new.leaders, new.members, new.info_managers,
        new.instructors, new.volunteers, new.party_organisation, wangge.asking_author(), new.geom
    from (values (old.id)) as written (id)
    left join edited_grids as edited on edited.change_set = target and edited.id = written.id
    left join grids as base on base.id = written.id and base.valid_to is null
    on conflict (change_set, id) do update set
        op = excluded.op, version = nextval('wangge.edit_versions'), name = excluded.name, kind = excluded.kind,
        village_code = excluded.village_code, population = excluded.population, leaders = excluded.leaders,
        members = excluded.members, info_managers = excluded.info_managers, instructors = excluded.instructors,
        volunteers = excluded.volunteers, party_organisation = excluded.party_organisation,
        edited_at = now(), edited_by = excluded.edited_by, geom = excluded.geom
    returning fid, id, op, code, township_code, area_m2, edited_at, 'e' || version
    into new.fid, new.id, new.op, new.code, new.township_code, new.area_m2, new.edited_at, new.xmin;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end
$$;
create trigger grid_edits_written instead of insert or update or delete on wangge.grid_edits
    for each row execute function wangge.write_grid_edit();
