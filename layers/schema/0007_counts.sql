-- Cases are counted in cells of H3 resolution 10 by day, township, type and channel, and these counts are rolled up by
-- parent to resolutions 6 to 9 and by month: a map of any period is a sum of months and of the days at its edges.
-- PostgreSQL can't compute the cell of a point, but parents are bits of the cell's number.

create function wangge.h3_resolution(cell bigint) returns integer
    language sql immutable parallel safe
    return ((cell >> 52) & 15)::integer;

-- An H3 number holds the resolution in bits 52-55 and one digit of three bits a level, the finest lowest; unused ones are 7.
create function wangge.h3_parent(cell bigint, resolution integer) returns bigint
    language sql immutable parallel safe
    return (cell & ~(15::bigint << 52)) | (resolution::bigint << 52) | ((1::bigint << (3 * (15 - resolution))) - 1);

create function wangge.class_of(category text, type_code text) returns text
    language sql immutable parallel safe
    return category || '-' || left(type_code, 2);

drop trigger cases_counted_insert on wangge.cases;
drop trigger cases_counted_delete on wangge.cases;
drop trigger cases_counted_update_1 on wangge.cases;
drop trigger cases_counted_update_2 on wangge.cases;
drop trigger cases_truncated on wangge.cases;
drop function wangge.count_added();
drop function wangge.count_gone();
drop function wangge.forget_counts();
drop table wangge.case_counts;
drop table wangge.case_heat;
drop function wangge.heat_id(bigint, date, text);

-- Outlines of cells, for maps: every cell that has cases, and its parents. Whoever writes a case writes them first.
alter table wangge.cases drop constraint cases_cell_fkey;
alter table wangge.h3_cells drop column parent cascade;
alter table wangge.h3_cells add column mercator geometry(Polygon, 3857)
    generated always as (st_forcepolygoncw(st_transform(geom, 3857))) stored;
alter table wangge.h3_cells add constraint h3_cells_resolution check (resolution = wangge.h3_resolution(cell));

create table wangge.case_counts (
    cell bigint not null,
    day date not null,
    township_code text not null,
    category text not null,
    type_code text not null,
    channel text not null,
    count integer not null,
    primary key (day, cell, type_code, channel, category, township_code)
);

-- Exact counts for staff, and those that were released to the public. A class is the category with the type's first two
-- digits; a row of class or channel 'all' is the sum over them.
create table wangge.case_heat (
    audience text not null check (audience in ('staff', 'public')),
    resolution smallint not null check (resolution between 6 and 10),
    class_code text not null,
    channel text not null,
    month date not null check (extract(day from month) = 1),
    cell bigint not null,
    count integer not null,
    primary key (audience, resolution, class_code, channel, month, cell)
);

-- Whose rows of case_heat the asker sees: one audience's, never both. Staff of one township are no audience of exact
-- counts, since a cell doesn't end at their border.
create function wangge.heat_audience() returns text
    language sql stable parallel safe
    return case when wangge.asks_as_staff() and wangge.asking_township() is null then 'staff' else 'public' end;

-- Of the resolutions that were released to the public, the one nearest to a wanted one; null where there is none.
create function wangge.released_resolution(wanted integer) returns smallint
    language sql stable parallel safe
begin atomic
    select known.resolution
    from unnest(array[6, 7, 8, 9, 10]::smallint[]) as known (resolution)
    where exists (
        select from wangge.case_heat as shown where shown.audience = 'public' and shown.resolution = known.resolution
    )
    order by abs(known.resolution - wanted), known.resolution
    limit 1;
end;

-- One way of counting for cases that are added, changed, taken away, or all that there are: each is a list of cases with
-- a sign. Rows are touched in the order of their keys, so that two writers wait for each other instead of dying in a
-- deadlock. A change that nothing is counted by (of the state, say) touches no count and raises no version.
do $make$
declare
    columns constant text := 'cell, wangge.day_of(reported_at) as day, township_code, category, type_code, channel';
    added constant text := 'select 1 as sign, ' || columns || ' from added';
    gone constant text := 'select -1 as sign, ' || columns || ' from gone';
    counting constant text := $count$
    select used.cell into unknown
    from (select distinct cell from (%1$s) as change where sign > 0) as used
    where not exists (select from wangge.h3_cells as known where known.cell = used.cell and known.resolution = 10)
    limit 1;
    if unknown is not null then
        raise foreign_key_violation using
            message = 'a case lies in a cell that is not in h3_cells at resolution 10', detail = to_hex(unknown),
            constraint = 'cases_cell';
    end if;

    insert into wangge.case_counts as known (cell, day, township_code, category, type_code, channel, count)
    select cell, day, township_code, category, type_code, channel, sum(sign)
    from (%1$s) as change
    group by 1, 2, 3, 4, 5, 6 having sum(sign) <> 0
    order by day, cell, type_code, channel, category, township_code
    on conflict (day, cell, type_code, channel, category, township_code)
        do update set count = known.count + excluded.count;
    get diagnostics changed = row_count;
    if changed = 0 then
        return %2$s;
    end if;

    insert into wangge.case_heat as known (audience, resolution, class_code, channel, month, cell, count)
    select 'staff', case when at_9 is not null then 9 when at_8 is not null then 8 when at_7 is not null then 7 else 6 end,
        coalesce(class_code, 'all'), coalesce(channel, 'all'), month, coalesce(at_9, at_8, at_7, at_6), sum(sign)
    from (
        select sign, date_trunc('month', day)::date as month, wangge.class_of(category, type_code) as class_code, channel,
            wangge.h3_parent(cell, 9) as at_9, wangge.h3_parent(cell, 8) as at_8,
            wangge.h3_parent(cell, 7) as at_7, wangge.h3_parent(cell, 6) as at_6
        from (%1$s) as change
    ) as placed
    -- in the finest cells a class has hardly fewer rows than cases: its counts of a day are summed instead
    group by month, grouping sets ((at_9), (at_8), (at_7), (at_6), (at_8, class_code), (at_7, class_code), (at_6, class_code),
        (at_8, channel), (at_7, channel), (at_6, channel))
    having sum(sign) <> 0
    order by 2, 3, 4, 5, 6
    on conflict (audience, resolution, class_code, channel, month, cell)
        do update set count = known.count + excluded.count;
    %3$s
    return %2$s;
$count$;
    -- rows that have come to nothing go; less than nothing is a count that was wrong before
    clearing constant text := $clear$
    with touched as (
        select distinct day, cell, type_code, channel, category, township_code from (%1$s) as change
    ), cleared as (
        delete from wangge.case_counts as known using touched
        where known.count <= 0 and (known.day, known.cell, known.type_code, known.channel, known.category, known.township_code)
            = (touched.day, touched.cell, touched.type_code, touched.channel, touched.category, touched.township_code)
        returning known.count
    ), cleared_heat as (
        delete from wangge.case_heat as known
        using (select distinct resolution, wangge.h3_parent(cell, resolution) as cell, date_trunc('month', day)::date as month,
                   facet.class_code, facet.channel
               from touched, generate_series(6, 9) as resolution,
                   lateral (values ('all', 'all'), (wangge.class_of(category, type_code), 'all'), ('all', channel))
                       as facet (class_code, channel)) as summed
        where known.count <= 0 and known.audience = 'staff'
            and (known.resolution, known.class_code, known.channel, known.month, known.cell)
                = (summed.resolution, summed.class_code, summed.channel, summed.month, summed.cell)
        returning known.count
    )
    select min(count) into least from (select count from cleared union all select count from cleared_heat) as counts;
    if least < 0 then
        raise data_exception using message = 'the counts of cases are not those of the cases: run wangge.recount_cases()';
    end if;
$clear$;
    declared constant text := $declare$
declare
    unknown bigint;
    changed bigint;
    least integer;
begin$declare$;
    made constant text := $made$ security definer set search_path = wangge, public, pg_temp set work_mem = '128MB'
        language plpgsql as $made$;
begin
    execute 'create function wangge.count_added() returns trigger' || made
        || quote_literal(declared || format(counting, added, 'null', '') || 'end');
    execute 'create function wangge.count_gone() returns trigger' || made
        || quote_literal(declared || format(counting, gone, 'null', format(clearing, gone)) || 'end');
    execute 'create function wangge.count_changed() returns trigger' || made
        || quote_literal(declared || format(counting, gone || ' union all ' || added, 'null',
            format(clearing, gone || ' union all ' || added)) || 'end');
    execute 'create function wangge.recount_cases() returns void' || made
        || quote_literal(declared || ' delete from wangge.case_counts; delete from wangge.case_heat where audience = ''staff'';'
            || format(counting, 'select 1 as sign, ' || columns || ' from wangge.cases', '', '') || 'end');
end
$make$;
revoke all on function wangge.recount_cases() from public;

create trigger cases_counted_insert after insert on wangge.cases
    referencing new table as added for each statement execute function wangge.count_added();
create trigger cases_counted_delete after delete on wangge.cases
    referencing old table as gone for each statement execute function wangge.count_gone();
create trigger cases_counted_update after update on wangge.cases
    referencing old table as gone new table as added for each statement execute function wangge.count_changed();

-- A truncated table has no transition table to subtract.
create function wangge.forget_counts() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    delete from wangge.case_counts;
    delete from wangge.case_heat;
    return null;
end
$$;
create trigger cases_truncated after truncate on wangge.cases
    for each statement execute function wangge.forget_counts();
create trigger case_heat_version after insert or update or delete or truncate on wangge.case_heat
    for each statement execute function wangge.raise_version('case-heat');
