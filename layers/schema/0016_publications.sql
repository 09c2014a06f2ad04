-- What was published: who and when, which grids a publication found and left, and what became of the ground of each.

create table wangge.publications (
    id integer generated always as identity primary key,
    change_set integer not null unique references wangge.change_sets (id),
    published_by text not null,
    published_at timestamptz not null default clock_timestamp(),
    -- the first day of the map that it made
    day date not null,
    created integer not null,
    changed integer not null,
    retired integer not null,
    -- borders that were moved or got vertices, so that neighbours share theirs
    moves jsonb not null
);
alter table wangge.change_sets add foreign key (reverses) references wangge.publications (id);

-- The grids as a publication found and left them, whole: on one day a row can be published more than once, and the layer
-- of grids keeps a row a day.
create table wangge.publication_grids (
    publication integer not null references wangge.publications (id),
    side text not null check (side in ('before', 'after')),
    code text not null,
    name text not null,
    kind text not null,
    village_code text not null,
    population integer,
    leaders smallint,
    members smallint,
    info_managers smallint,
    instructors smallint,
    volunteers smallint,
    party_organisation text,
    geom geometry(MultiPolygon, 4490) not null,
    primary key (publication, side, code)
);

create table wangge.grid_lineage (
    fid bigint generated always as identity primary key,
    id text not null unique generated always as
        (publication::text || '-' || coalesce(before_code, '') || '-' || coalesce(after_code, '')) stored,
    publication integer not null references wangge.publications (id),
    day date not null,
    operation text not null
        check (operation in ('split', 'merge', 'transfer', 'redraw', 'new', 'retire', 'keep')),
    before_code text,
    after_code text,
    share_of_before double precision not null check (share_of_before between 0 and 1),
    share_of_after double precision not null check (share_of_after between 0 and 1),
    area_m2 double precision not null check (area_m2 >= 0),
    township_code text not null check (length(township_code) = 9),
    -- the ground that went from the one to the other
    geom geometry(MultiPolygon, 4490) not null,
    mercator geometry(MultiPolygon, 3857) generated always as (st_forcepolygoncw(st_transform(geom, 3857))) stored,
    clearance double precision generated always as (st_minimumclearance(st_transform(geom, 3857))) stored,
    check (before_code is not null or after_code is not null)
);
create index grid_lineage_geom on wangge.grid_lineage using gist (geom);
create index grid_lineage_before on wangge.grid_lineage (before_code);
create index grid_lineage_after on wangge.grid_lineage (after_code);
create index grid_lineage_township on wangge.grid_lineage (township_code);
create trigger grid_lineage_version after insert or update or delete or truncate on wangge.grid_lineage
    for each statement execute function wangge.raise_version('grid-lineage');

-- Begins a publication: from here to the end of the transaction nobody else writes grids or this set, so that what is
-- checked is what is committed. Answers the ids of the set whose grid another has published meanwhile.
create function wangge.begin_publication(wanted integer) returns text[]
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    lock table grids in share row exclusive mode;
    perform wangge.writable_set(wanted);
    return array(
        select edited.id from edited_grids as edited
        where change_set = wanted and op <> 'create' and not exists (
            select from grids where grids.fid = edited.base_fid and valid_to is null
                and grids.publication is not distinct from edited.base_publication)
        order by 1);
end
$$;

-- Commits what was checked: ends the rows of `ended`, writes `rows`, gives borders of neighbours the vertices of
-- `noded`, keeps the lineage, and closes the set; all in the transaction of begin_publication(). Answers the number of
-- the publication. A row that began on the same day is changed in place: it was never the map of a day.
create function wangge.commit_publication(
    wanted integer, on_day date, ended bigint[], rows jsonb, noded jsonb, links jsonb, moves jsonb
) returns integer
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
#variable_conflict use_column
declare
    stale text[] := wangge.begin_publication(wanted);
    the_day date := coalesce(on_day, wangge.day_of(now()));
    number integer;
    wrong text;
begin
    if cardinality(stale) > 0 then
        raise exception 'published meanwhile: %', stale using errcode = 'WG409';
    end if;
    create temporary table written on commit drop as
    select nullif(code, '') as code, name, kind, village_code, population, leaders, members, info_managers, instructors,
        volunteers, party_organisation, st_setsrid(st_geomfromwkb(decode(shape, 'hex')), 4490) as geom
    from jsonb_to_recordset(rows) as given (code text, name text, kind text, village_code text, population integer,
        leaders smallint, members smallint, info_managers smallint, instructors smallint, volunteers smallint,
        party_organisation text, shape text);
    select min(code) into wrong from grids where fid = any(ended) and (valid_to is not null or valid_from > the_day);
    if wrong is null then
        -- a code is never used again: a new one is one that nobody ever had
        select min(code) into wrong from written where exists (
            select from issued_codes where issued_codes.code = written.code)
            and not exists (select from grids where grids.code = written.code and fid = any(ended));
    end if;
    if wrong is not null then
        raise exception 'grid % can''t be published', wrong using errcode = 'WG410';
    end if;

    insert into publications (change_set, published_by, day, created, changed, retired, moves)
    select wanted, wangge.asking_author(), the_day, count(*) filter (where old.code is null),
        count(*) filter (where old.code = new.code), count(*) filter (where new.code is null), moves
    from (select code from grids where fid = any(ended)) as old full join written as new on new.code = old.code
    returning id into number;
    insert into publication_grids (publication, side, code, name, kind, village_code, population, leaders, members,
        info_managers, instructors, volunteers, party_organisation, geom)
    select number, 'before', code, name, kind, village_code, population, leaders, members,
        info_managers, instructors, volunteers, party_organisation, geom from grids where fid = any(ended)
    union all select number, 'after', * from written;

    delete from grids where fid = any(ended) and valid_from = the_day and code not in (select code from written);
    update grids set name = new.name, kind = new.kind, village_code = new.village_code, population = new.population,
        leaders = new.leaders, members = new.members, info_managers = new.info_managers, instructors = new.instructors,
        volunteers = new.volunteers, party_organisation = new.party_organisation, geom = new.geom, publication = number
    from written as new where grids.code = new.code and fid = any(ended) and valid_from = the_day;
    update grids set valid_to = the_day where fid = any(ended) and valid_from < the_day;
    insert into grids (code, name, kind, village_code, population, leaders, members, info_managers, instructors,
        volunteers, party_organisation, geom, valid_from, publication)
    select written.*, the_day, number from written
    where not exists (select from grids where grids.code = written.code and valid_to is null) order by code;
    update issued_codes set retired_at = null where retired_at is not null and code in (select code from written);
    update grids set geom = st_setsrid(st_geomfromwkb(decode(given.shape, 'hex')), 4490)
    from jsonb_to_recordset(noded) as given (fid bigint, shape text) where grids.fid = given.fid;

    insert into grid_lineage (publication, day, operation, before_code, after_code, share_of_before, share_of_after,
        area_m2, township_code, geom)
    select number, the_day, operation, before_code, after_code, share_of_before, share_of_after, area_m2,
        left(coalesce(after_village, before_village), 9), st_setsrid(st_geomfromwkb(decode(shape, 'hex')), 4490)
    from jsonb_to_recordset(links) as given (operation text, before_code text, after_code text,
        share_of_before double precision, share_of_after double precision, area_m2 double precision, before_village text,
        after_village text, shape text)
    order by before_code, after_code;
    delete from findings where change_set = wanted;
    update change_sets set state = 'published', is_current = false, closed_at = clock_timestamp() where id = wanted;
    drop table written;
    return number;
end
$$;

-- Closes a set without publishing it, or drops the edits of some of its grids.
create function wangge.abandon_edits(wanted integer, only_ids text[]) returns integer
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    dropped integer;
begin
    perform wangge.writable_set(wanted);
    if only_ids is null then
        update change_sets set state = 'abandoned', is_current = false, closed_at = now() where id = wanted;
        select count(*) into dropped from edited_grids where change_set = wanted;
    else
        delete from edited_grids where change_set = wanted and id = any(only_ids);
        get diagnostics dropped = row_count;
    end if;
    delete from findings where change_set = wanted and (only_ids is null or ids && only_ids);
    return dropped;
end
$$;

-- Makes the findings about some grids of a set (null: all) those of this check; one that was accepted stays so while it is found.
create function wangge.flag_edits(wanted integer, about text[], told jsonb) returns void
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
begin
    perform wangge.writable_set(wanted);
    delete from findings where change_set = wanted and (about is null or ids && about)
        and not exists (select from jsonb_array_elements(told) as kept where kept ->> 'id' = findings.id);
    insert into findings as known (id, layer, change_set, kind, severity, ids, township_code, area_m2, width_m, sliver,
        message, message_en, geom)
    select id, 'grid-edits', wanted, kind, severity, array(select jsonb_array_elements_text(ids)), township_code, area_m2,
        width_m, sliver, message, message_en, st_setsrid(st_geomfromwkb(decode(geom, 'hex')), 4490)
    from jsonb_to_recordset(told) as given (id text, kind text, severity text, ids jsonb, township_code text,
        area_m2 double precision, width_m double precision, sliver boolean, message text, message_en text, geom text)
    on conflict (id) do update set severity = excluded.severity, ids = excluded.ids, area_m2 = excluded.area_m2,
        width_m = excluded.width_m, sliver = excluded.sliver, message = excluded.message,
        message_en = excluded.message_en, geom = excluded.geom, last_seen_at = now();
end
$$;

-- Opens a set of the asker's, to which he writes from now on where he names none.
create function wangge.open_change_set(title text) returns integer
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    number integer;
begin
    if not wangge.may_edit() then
        raise exception 'only editors change grids' using errcode = 'WG401';
    end if;
    update change_sets set is_current = false where owner = wangge.asking_owner() and is_current;
    insert into change_sets (title, author, owner, is_current, base_version)
    values (open_change_set.title, wangge.asking_author(), wangge.asking_owner(), true,
        coalesce((select version from layer_versions where layer = 'grids'), 0))
    returning id into number;
    return number;
end
$$;

-- Opens a set whose edits take a publication back. What it left must be what is published still.
create function wangge.reverse_publication(wanted integer, title text) returns integer
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
declare
    changed text;
    number integer;
begin
    if not exists (select from publications where id = wanted) then
        raise exception 'no publication %', wanted using errcode = 'WG405';
    end if;
    select string_agg(left_behind.code, ', ' order by left_behind.code) into changed
    from publication_grids as left_behind
    where publication = wanted and side = 'after' and not exists (
        select from grids where grids.code = left_behind.code and valid_to is null and grids.publication = wanted);
    if changed is not null then
        raise exception '%', changed using errcode = 'WG411';
    end if;
    number := wangge.open_change_set(title);
    update change_sets set reverses = wanted where id = number;
    insert into edited_grids (change_set, id, fid, op, base_fid, base_publication, code, name, kind, village_code,
        population, leaders, members, info_managers, instructors, volunteers, party_organisation, edited_by, geom)
    select number, coalesce(now.code, 'new-' || fresh), coalesce(base.fid, -fresh),
        case when was.code is null then 'delete' when now.code is null then 'create' else 'update' end,
        base.fid, base.publication, now.code, coalesce(was.name, now.name), coalesce(was.kind, now.kind),
        coalesce(was.village_code, now.village_code), was.population, was.leaders, was.members, was.info_managers,
        was.instructors, was.volunteers, was.party_organisation, wangge.asking_author(), coalesce(was.geom, now.geom)
    from (select * from publication_grids where publication = wanted and side = 'before') as was
    full join (select * from publication_grids where publication = wanted and side = 'after') as now using (code)
    left join grids as base on base.code = now.code and base.valid_to is null
    cross join lateral (select case when now.code is null then nextval('wangge.new_grids') end as fresh) as numbered;
    return number;
end
$$;

do $$
declare
    closed regprocedure;
begin
    foreach closed in array array[
        'wangge.writable_set(integer)', 'wangge.begin_publication(integer)', 'wangge.abandon_edits(integer, text[])',
        'wangge.commit_publication(integer, date, bigint[], jsonb, jsonb, jsonb, jsonb)',
        'wangge.flag_edits(integer, text[], jsonb)', 'wangge.open_change_set(text)',
        'wangge.reverse_publication(integer, text)']::regprocedure[]
    loop
        execute format('revoke all on function %s from public; grant execute on function %s to wangge_api', closed, closed);
    end loop;
end
$$;
