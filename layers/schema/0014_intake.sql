-- Cases that arrive again and again as they are dealt with: their steps, their times, and how they are merged by number.

-- The life of a case: which step may follow which. A check that fails goes back to 处置; what is closed or void stays so.
create table wangge.case_steps (
    from_state text not null,
    to_state text not null,
    primary key (from_state, to_state)
);
insert into wangge.case_steps values
    ('上报', '立案'), ('立案', '派遣'), ('派遣', '处置'), ('处置', '核查'), ('核查', '结案'), ('核查', '处置'),
    ('上报', '作废'), ('立案', '作废'), ('派遣', '作废'), ('处置', '作废'), ('核查', '作废');
grant select on wangge.case_steps to wangge_api;

-- How far a state is on the way; 作废 ends it like 结案.
create function wangge.state_rank(state text) returns integer
    language sql immutable parallel safe
    return case state when '作废' then 6 else array_position(array['上报', '立案', '派遣', '处置', '核查', '结案'], state) end;

create function wangge.times_in_order(
    reported timestamptz, filed timestamptz, dispatched timestamptz, handled timestamptz, checked timestamptz,
    closed timestamptz
) returns boolean
    language sql immutable parallel safe
    return coalesce(filed >= reported, true)
        and coalesce(dispatched >= coalesce(filed, reported), true)
        and coalesce(handled >= coalesce(dispatched, filed, reported), true)
        and coalesce(checked >= coalesce(handled, dispatched, filed, reported), true)
        and coalesce(closed >= coalesce(checked, handled, dispatched, filed, reported), true);

-- A step, or several at once onwards where the times of those between say that they were made: a register is read
-- now and then, and a case may have come far in between.
create function wangge.may_step(
    from_state text, to_state text, filed timestamptz, dispatched timestamptz, handled timestamptz, checked timestamptz
) returns boolean
    language sql stable
    return from_state = to_state
        or exists (select from wangge.case_steps as step where (step.from_state, step.to_state) = ($1, $2))
        or (from_state not in ('结案', '作废') and to_state <> '作废'
            and wangge.state_rank(to_state) > wangge.state_rank(from_state)
            and (wangge.state_rank(to_state) <= 2 or wangge.state_rank(from_state) >= 2 or filed is not null)
            and (wangge.state_rank(to_state) <= 3 or wangge.state_rank(from_state) >= 3 or dispatched is not null)
            and (wangge.state_rank(to_state) <= 4 or wangge.state_rank(from_state) >= 4 or handled is not null)
            and (wangge.state_rank(to_state) <= 5 or wangge.state_rank(from_state) >= 5 or checked is not null));

-- Rows of before this version stay as they are until they change.
alter table wangge.cases
    add constraint cases_state check (wangge.state_rank(state) is not null) not valid,
    add constraint cases_times check (
        wangge.times_in_order(reported_at, filed_at, dispatched_at, handled_at, checked_at, closed_at)) not valid;

create function wangge.check_step() returns trigger
    language plpgsql set search_path = wangge, pg_temp
as $$
begin
    if not wangge.may_step(old.state, new.state, new.filed_at, new.dispatched_at, new.handled_at, new.checked_at) then
        raise check_violation using constraint = 'cases_step', detail = old.state || ' -> ' || new.state,
            message = format('the case %s can''t go from %s to %s', old.case_no, old.state, new.state);
    end if;
    return new;
end
$$;
create trigger cases_step before update of state on wangge.cases
    for each row when (old.state <> new.state) execute function wangge.check_step();

-- Types are checked a statement at a time: a foreign key asks once for each of a million rows.
alter table wangge.cases drop constraint cases_category_type_code_fkey;

create function wangge.check_types() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    unknown text;
begin
    select used.category || ' ' || used.type_code into unknown
    from (select distinct category, type_code from added) as used
    where not exists (select from wangge.case_types as known
                      where (known.category, known.type_code) = (used.category, used.type_code))
    limit 1;
    if unknown is not null then
        raise foreign_key_violation using constraint = 'cases_type', detail = unknown,
            message = 'a case is of a type that is not in case_types';
    end if;
    return null;
end
$$;
create trigger cases_types_inserted after insert on wangge.cases
    referencing new table as added for each statement execute function wangge.check_types();
create trigger cases_types_updated after update on wangge.cases
    referencing new table as added for each statement execute function wangge.check_types();

create function wangge.keep_types() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    if exists (select from wangge.cases where (category, type_code) = (old.category, old.type_code)) then
        raise foreign_key_violation using constraint = 'cases_type', detail = old.category || ' ' || old.type_code,
            message = 'there are cases of this type';
    end if;
    return coalesce(new, old);
end
$$;
create trigger case_types_kept before delete or update of category, type_code on wangge.case_types
    for each row execute function wangge.keep_types();

-- Merges the rows of the temporary table "incoming" with the cases that are there, by case number, and takes those that
-- are merged out of it: what is left is new. Of two rows the later in the life of the case wins, of two as late the one
-- that arrived last; times of steps before its state stay known. Outcomes: 'changed', 'same' (it was there already),
-- 'older' (what is there is later), 'step' (no such step is allowed).
create function wangge.merge_cases() returns table (row_number integer, case_no text, outcome text, from_state text)
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
#variable_conflict use_column
begin
    -- to look for repetition is cheaper than to sort what has none
    if exists (select from incoming group by case_no having count(*) > 1) then
        delete from incoming using (
            select row_number as at, row_number() over (
                partition by case_no
                order by greatest(reported_at, filed_at, dispatched_at, handled_at, checked_at, closed_at) desc,
                    wangge.state_rank(state) desc, row_number desc) as place
            from incoming
        ) as ranked
        where row_number = at and place > 1;
    end if;

    return query
    with there as materialized (
        select cases.fid, cases.case_no, cases.state, incoming.row_number,
            coalesce(incoming.filed_at, cases.filed_at) as filed_at,
            case when wangge.state_rank(incoming.state) >= 3 then coalesce(incoming.dispatched_at, cases.dispatched_at)
                else incoming.dispatched_at end as dispatched_at,
            case when wangge.state_rank(incoming.state) >= 4 then coalesce(incoming.handled_at, cases.handled_at)
                else incoming.handled_at end as handled_at,
            case when wangge.state_rank(incoming.state) >= 5 then coalesce(incoming.checked_at, cases.checked_at)
                else incoming.checked_at end as checked_at,
            (greatest(incoming.reported_at, incoming.filed_at, incoming.dispatched_at, incoming.handled_at,
                    incoming.checked_at, incoming.closed_at), wangge.state_rank(incoming.state))
                < (greatest(cases.reported_at, cases.filed_at, cases.dispatched_at, cases.handled_at,
                    cases.checked_at, cases.closed_at), wangge.state_rank(cases.state)) as older
        from incoming join wangge.cases using (case_no)
        order by cases.case_no
        for no key update of cases
    ), judged as (
        select there.*, incoming.category, incoming.type_code, incoming.type_name, incoming.channel,
            incoming.state as new_state, incoming.reported_at, incoming.closed_at, incoming.grid_code,
            incoming.village_code, incoming.township_code, incoming.cell, incoming.geom,
            case when there.older then 'older'
                when not wangge.may_step(there.state, incoming.state, there.filed_at, there.dispatched_at,
                    there.handled_at, there.checked_at) then 'step'
                else 'later' end as outcome
        from there join incoming using (row_number)
    ), written as (
        update wangge.cases set
            category = judged.category, type_code = judged.type_code, type_name = judged.type_name,
            channel = judged.channel, state = judged.new_state, reported_at = judged.reported_at,
            filed_at = judged.filed_at, dispatched_at = judged.dispatched_at, handled_at = judged.handled_at,
            checked_at = judged.checked_at, closed_at = judged.closed_at, grid_code = judged.grid_code,
            village_code = judged.village_code, township_code = judged.township_code, cell = judged.cell,
            geom = judged.geom
        from judged
        where cases.fid = judged.fid and judged.outcome = 'later'
            and (cases.category, cases.type_code, cases.type_name, cases.channel, cases.state, cases.reported_at,
                cases.filed_at, cases.dispatched_at, cases.handled_at, cases.checked_at, cases.closed_at, cases.grid_code,
                cases.village_code, cases.township_code, cases.cell, cases.geom::bytea)
            is distinct from (judged.category, judged.type_code, judged.type_name, judged.channel, judged.new_state,
                judged.reported_at, judged.filed_at, judged.dispatched_at, judged.handled_at, judged.checked_at,
                judged.closed_at, judged.grid_code, judged.village_code, judged.township_code, judged.cell,
                judged.geom::bytea)
        returning cases.fid
    ), taken as (
        delete from incoming using judged where incoming.row_number = judged.row_number
        returning incoming.row_number
    )
    select judged.row_number, judged.case_no,
        case when judged.outcome <> 'later' then judged.outcome when written.fid is null then 'same' else 'changed' end,
        judged.state
    from judged join taken using (row_number) left join written using (fid)
    order by 1;
end
$$;
revoke all on function wangge.merge_cases() from public;

-- Takes cases that staff send over HTTP: rows as JSON with the names of the columns, the point as lon and lat, and the
-- outlines of cells that may be new. Staff of one township write in their township alone: no case of another, and no place
-- outside of it. Answers what became of each row; 'new' for those that were not there.
create function wangge.take_cases(cases jsonb, outlines jsonb)
    returns table (row_number integer, case_no text, outcome text, from_state text)
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
#variable_conflict use_column
declare
    township text := wangge.asking_township();
    foreign_row integer;
begin
    if not wangge.asks_as_staff() then
        raise insufficient_privilege using message = 'cases are taken from staff';
    end if;
    drop table if exists pg_temp.incoming;
    create temporary table incoming on commit drop as
    select sent.*, st_setsrid(st_makepoint(lon, lat), 4490)::geometry(Point, 4490) as geom
    from jsonb_to_recordset($1) as sent (
        row_number integer, case_no text, category text, type_code text, type_name text, channel text, state text,
        reported_at timestamptz, filed_at timestamptz, dispatched_at timestamptz, handled_at timestamptz,
        checked_at timestamptz, closed_at timestamptz, grid_code text, village_code text, township_code text, cell bigint,
        lon double precision, lat double precision);
    if township is not null then
        select min(incoming.row_number) into foreign_row
        from incoming
        where incoming.township_code is distinct from township
            or not exists (select from wangge.divisions as ground
                           where ground.code = township and st_intersects(ground.geom, incoming.geom))
            or exists (select from wangge.cases as there
                       where there.case_no = incoming.case_no and there.township_code <> township);
        if foreign_row is not null then
            raise insufficient_privilege using message = 'a case of another township', detail = foreign_row::text,
                constraint = 'cases_township';
        end if;
    end if;
    insert into wangge.h3_cells (cell, resolution, geom)
    select cell, wangge.h3_resolution(cell), st_geomfromewkb(decode(outline, 'hex'))
    from jsonb_to_recordset($2) as sent (cell bigint, outline text)
    order by cell
    on conflict (cell) do nothing;

    return query select * from wangge.merge_cases();
    return query
    with made as (
        insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at, filed_at,
            dispatched_at, handled_at, checked_at, closed_at, grid_code, village_code, township_code, cell, geom)
        select case_no, category, type_code, type_name, channel, state, reported_at, filed_at, dispatched_at, handled_at,
            checked_at, closed_at, grid_code, village_code, township_code, cell, geom
        from incoming order by incoming.row_number
        returning cases.case_no
    )
    select incoming.row_number, incoming.case_no, 'new', null::text from made join incoming using (case_no)
    order by 1;
    drop table incoming;
end
$$;
revoke all on function wangge.take_cases(jsonb, jsonb) from public;
grant execute on function wangge.take_cases(jsonb, jsonb) to wangge_api;
