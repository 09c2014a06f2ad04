-- Divisions have days, as grids have: a township that is merged or redrawn ends, and the map of any day has it still.

-- What refers to a division means its code, which is given once and never to another; the rows of a code are its versions.
create table wangge.division_codes (code text primary key);
insert into wangge.division_codes select code from wangge.divisions;

alter table wangge.grids drop constraint grids_village_code_fkey;
alter table wangge.keys drop constraint keys_township_code_fkey;
alter table wangge.item_deliveries drop constraint item_deliveries_township_code_fkey;
alter table wangge.subscriptions drop constraint subscriptions_township_code_fkey;
alter table wangge.divisions drop constraint divisions_parent_code_fkey;
alter table wangge.divisions drop constraint divisions_code_key;
alter table wangge.grids add foreign key (village_code) references wangge.division_codes (code);
alter table wangge.keys add foreign key (township_code) references wangge.division_codes (code);
alter table wangge.item_deliveries add foreign key (township_code) references wangge.division_codes (code);
alter table wangge.subscriptions add foreign key (township_code) references wangge.division_codes (code);
alter table wangge.divisions add foreign key (parent_code) references wangge.division_codes (code) deferrable initially deferred;

alter table wangge.divisions
    -- null: since before anybody kept book
    add column valid_from date,
    add column valid_to date check (valid_to > valid_from),
    add column publication integer references wangge.publications (id),
    add column id text not null generated always as (
        case when valid_to is null then code
        else code || '-' || lpad(extract(year from valid_to)::text, 4, '0')
            || lpad(extract(month from valid_to)::text, 2, '0') || lpad(extract(day from valid_to)::text, 2, '0')
        end) stored unique,
    -- one code, one division, on any one day
    add constraint divisions_code_unique_while_valid
        exclude using gist (code with =, daterange(valid_from, valid_to) with &&);
create index divisions_code on wangge.divisions (code);

create function wangge.record_division_codes() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    insert into division_codes values (new.code) on conflict do nothing;
    return new;
end
$$;
create trigger divisions_codes before insert or update of code on wangge.divisions
    for each row execute function wangge.record_division_codes();

-- A layer that is emptied gives its codes back where nothing stands on them: it was loaded wrongly, and is loaded again.
create function wangge.forget_division_codes() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    delete from division_codes as known
    where not exists (select from divisions where divisions.code = known.code)
        and not exists (select from divisions where divisions.parent_code = known.code)
        and not exists (select from grids where village_code = known.code)
        and not exists (select from keys where township_code = known.code)
        and not exists (select from item_deliveries where township_code = known.code)
        and not exists (select from subscriptions where township_code = known.code)
        and not exists (select from publication_divisions where publication_divisions.code = known.code);
    return null;
end
$$;
create trigger divisions_codes_forgotten after delete or truncate on wangge.divisions
    for each statement execute function wangge.forget_division_codes();

create view wangge.todays_divisions as
select fid, code, name, level, parent_code, category, area_m2, population, valid_from, publication, geom, mercator, clearance
from wangge.divisions where valid_to is null;
grant select on wangge.todays_divisions to wangge_api;

create or replace function wangge.adopt_city() returns trigger
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
begin
    insert into wangge.city (code, name, name_en, metric_srid, outline)
    select code, name, '', wangge.zone_of(geom), geom from wangge.todays_divisions
    where level = 'county' order by code limit 1
    on conflict (only_one) do update
        set code = excluded.code, name = excluded.name, metric_srid = excluded.metric_srid, outline = excluded.outline
        where not city.sample;
    return null;
end
$$;

create or replace function wangge.village_of(ground geometry) returns text
    language sql stable security definer set search_path = wangge, public, pg_temp
as $$
    select code from wangge.todays_divisions
    where level = 'village' and geom && ground and st_intersects(geom, ground)
    order by st_area(st_intersection(geom, ground)) desc, code limit 1
$$;

-- Cases of one township's staff have to lie in the township of today.
do $$
declare
    before text := pg_get_functiondef('wangge.take_cases(jsonb, jsonb)'::regprocedure);
    after text := replace(before, 'from wangge.divisions as ground', 'from wangge.todays_divisions as ground');
begin
    if before = after then
        raise exception 'take_cases looks at no divisions';
    end if;
    execute after;
end
$$;

-- --- divisions in change sets: what a set puts in the place of today's, and what each publication made of it

create table wangge.edited_divisions (
    change_set integer not null references wangge.change_sets (id) on delete cascade,
    code text not null,
    -- put: so it is to be; end: there is none any more
    op text not null check (op in ('put', 'end')),
    -- today's row that it was worked out from; null for a division that is new
    base_fid bigint,
    name text,
    level text,
    parent_code text,
    category text,
    population integer check (population >= 0),
    -- its code was made up by the rule, until the true one is known
    issued boolean not null default false,
    geom geometry(MultiPolygon, 4490) check (st_isvalid(geom) and not st_isempty(geom)),
    primary key (change_set, code),
    check ((op = 'put') = (geom is not null and name is not null and level is not null)),
    check (op = 'put' or base_fid is not null)
);

create table wangge.publication_divisions (
    publication integer not null references wangge.publications (id),
    side text not null check (side in ('before', 'after')),
    code text not null,
    name text not null,
    level text not null,
    parent_code text,
    category text,
    population integer,
    geom geometry(MultiPolygon, 4490) not null,
    primary key (publication, side, code)
);

-- Writes divisions into a set of the asker's. Each row is today's division that it was worked out from, changed.
create function wangge.edit_divisions(wanted integer, rows jsonb) returns void
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
declare
    target integer := wangge.writable_set(wanted);
begin
    insert into edited_divisions (change_set, code, op, base_fid, name, level, parent_code, category, population, issued, geom)
    select target, given.code, given.op, today.fid, given.name, given.level, given.parent_code, given.category,
        given.population, coalesce(given.issued, false), st_multi(st_setsrid(st_geomfromwkb(decode(shape, 'hex')), 4490))
    from jsonb_to_recordset(rows) as given (code text, op text, name text, level text, parent_code text, category text,
        population integer, issued boolean, shape text)
    left join todays_divisions as today on today.code = given.code;
end
$$;

-- Codes of a set whose division another has published meanwhile; nobody writes divisions until the transaction ends.
create function wangge.stale_divisions(wanted integer) returns text[]
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    if not exists (select from edited_divisions where change_set = wanted) then
        return '{}';
    end if;
    lock table divisions in share row exclusive mode;
    perform wangge.writable_set(wanted);
    return array(
        select edited.code from edited_divisions as edited
        left join todays_divisions as today on today.code = edited.code
        where edited.change_set = wanted and edited.base_fid is distinct from today.fid
        order by 1);
end
$$;

-- Puts what a set has of divisions in the place of today's, in the transaction that publishes it; how many.
create function wangge.publish_divisions(wanted integer, on_day date) returns integer
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
declare
    stale text[] := wangge.stale_divisions(wanted);
    the_day date := coalesce(on_day, wangge.day_of(now()));
    late text;
    count integer;
begin
    if cardinality(stale) > 0 then
        raise exception 'published meanwhile: %', stale using errcode = 'WG409';
    end if;
    select min(today.code) into late from edited_divisions as edited join todays_divisions as today using (code)
    where edited.change_set = wanted and today.valid_from > the_day;
    if late is not null then
        raise exception 'division % can''t be published', late using errcode = 'WG410';
    end if;
    create temporary table divisions_before on commit drop as
    select today.code, today.name, today.level, today.parent_code, today.category, today.population, today.geom
    from edited_divisions as edited join todays_divisions as today using (code) where edited.change_set = wanted;
    -- one that began on the same day was never the map of a day
    delete from divisions using edited_divisions as edited
    where edited.change_set = wanted and divisions.fid = edited.base_fid and divisions.valid_from = the_day;
    update divisions set valid_to = the_day from edited_divisions as edited
    where edited.change_set = wanted and divisions.fid = edited.base_fid;
    insert into divisions (code, name, level, parent_code, category, population, geom, valid_from)
    select code, name, level, parent_code, category, population, geom, the_day
    from edited_divisions where change_set = wanted and op = 'put'
    order by length(code), code;
    get diagnostics count = row_count;
    return count;
end
$$;

-- Keeps which publication it was: its number is known at its end.
create function wangge.keep_divisions(wanted integer, number integer) returns void
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
begin
    insert into publication_divisions (publication, side, code, name, level, parent_code, category, population, geom)
    select number, 'before', code, name, level, parent_code, category, population, geom from divisions_before
    union all
    select number, 'after', code, name, level, parent_code, category, population, geom
    from edited_divisions where change_set = wanted and op = 'put';
    update divisions set publication = number from edited_divisions as edited
    where edited.change_set = wanted and divisions.code = edited.code and divisions.valid_to is null;
end
$$;

-- Writes into a set what takes the divisions of a publication back; what it left must be today's still.
create function wangge.reverse_divisions(number integer, target integer) returns void
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
declare
    changed text;
begin
    select string_agg(code, ', ' order by code) into changed
    from (select code from publication_divisions where publication = number group by code) as touched
    left join todays_divisions as today using (code)
    where (today.code is null) = exists (
            select from publication_divisions as after
            where after.publication = number and after.side = 'after' and after.code = touched.code)
        or today.code is not null and today.publication is distinct from number;
    if changed is not null then
        raise exception '%', changed using errcode = 'WG411';
    end if;
    insert into edited_divisions (change_set, code, op, base_fid, name, level, parent_code, category, population, geom)
    select target, code, case when was.code is null then 'end' else 'put' end, today.fid, was.name, was.level,
        was.parent_code, was.category, was.population, was.geom
    from (select * from publication_divisions where publication = number and side = 'before') as was
    full join (select code from publication_divisions where publication = number and side = 'after') as left_behind
        using (code)
    left join todays_divisions as today using (code);
end
$$;

do $$
declare
    closed regprocedure;
begin
    foreach closed in array array['wangge.edit_divisions(integer, jsonb)', 'wangge.stale_divisions(integer)',
        'wangge.publish_divisions(integer, date)', 'wangge.keep_divisions(integer, integer)',
        'wangge.reverse_divisions(integer, integer)']::regprocedure[]
    loop
        execute format('revoke all on function %s from public; grant execute on function %s to wangge_api', closed, closed);
    end loop;
end
$$;
