-- What is told to others when something changes: events are written in the very transaction that changes the row, one
-- delivery for each subscription that wants it, and kept until that delivery is done. Nobody subscribed: nothing is written.

create table wangge.subscriptions (
    id integer generated always as identity primary key,
    name text not null check (name <> ''),
    kind text not null check (kind in ('webhook', 'mqtt')),
    -- where to: an address of the web, or mqtt://host:port/topic
    uri text not null,
    -- signs what goes to the web; it has to be known in clear to sign
    secret bytea,
    layers text[] not null check (layers <@ array['grids', 'findings', 'cases', 'jobs'] and layers <> '{}'),
    township_code text references wangge.divisions (code) check (length(township_code) = 9),
    created_at timestamptz not null default now(),
    -- a target that doesn't answer is left alone until then, and failed for how long
    due_at timestamptz not null default now(),
    failing_since timestamptz,
    failures integer not null default 0,
    last_error text,
    check ((kind = 'webhook') = (secret is not null))
);

create table wangge.events (
    -- of two changes of one feature the later one waits for the row, so its number is the larger
    number bigint generated always as identity primary key,
    id uuid not null default gen_random_uuid(),
    layer text not null,
    operation text not null check (operation in ('created', 'updated', 'deleted')),
    feature text not null,
    township_code text,
    happened_at timestamptz not null default clock_timestamp(),
    properties jsonb not null
);

create table wangge.deliveries (
    subscription integer not null references wangge.subscriptions (id) on delete cascade,
    event bigint not null references wangge.events (number) on delete cascade,
    layer text not null,
    feature text not null,
    attempts smallint not null default 0,
    due_at timestamptz not null default now(),
    -- given up: it stays here to be looked at and sent again
    dead_at timestamptz,
    reason text,
    primary key (subscription, event)
);
create index deliveries_of_feature on wangge.deliveries (subscription, layer, feature, event) where dead_at is null;
create index deliveries_of_event on wangge.deliveries (event);

create function wangge.note_event(
    layer text, operation text, feature text, township_code text, properties jsonb
) returns void
    language sql volatile security definer set search_path = wangge, pg_temp
as $$
    with noted as (
        insert into wangge.events (layer, operation, feature, township_code, properties)
        select $1, $2, $3, $4, $5
        where exists (select from wangge.subscriptions as wanted where $1 = any(wanted.layers)
            and (wanted.township_code is null or wanted.township_code = $4))
        returning number
    )
    insert into wangge.deliveries (subscription, event, layer, feature)
    select wanted.id, noted.number, $1, $3
    from noted cross join wangge.subscriptions as wanted
    where $1 = any(wanted.layers) and (wanted.township_code is null or wanted.township_code = $4)
$$;

-- What a row tells: its columns without shapes and without what only the database needs. A shape is told by whether it
-- changed, and fetched where the event links to.
create function wangge.event_properties(changed jsonb) returns jsonb
    language sql immutable parallel safe
    return changed - array['fid', 'geom', 'mercator', 'clearance', 'cell', 'last_seen_at'];

-- One for all layers: arguments are the layer, the column of the feature's id, and that of its township.
create function wangge.note_changes() returns trigger
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
begin
    if not exists (select from wangge.subscriptions where tg_argv[0] = any(layers)) then
        return null;
    end if;
    if tg_op = 'INSERT' then
        perform wangge.note_event(tg_argv[0], 'created', row ->> tg_argv[1], row ->> tg_argv[2], wangge.event_properties(row))
        from (select to_jsonb(added) as row from added order by fid) as rows;
    elsif tg_op = 'DELETE' then
        perform wangge.note_event(tg_argv[0], 'deleted', row ->> tg_argv[1], row ->> tg_argv[2], wangge.event_properties(row))
        from (select to_jsonb(gone) as row from gone order by fid) as rows;
    else
        -- what says the same as before, such as a finding that was found again, is no change
        perform wangge.note_event(
            tg_argv[0], 'updated', now ->> tg_argv[1], now ->> tg_argv[2],
            wangge.event_properties(now) || jsonb_build_object('geometry_changed', now -> 'geom' is distinct from was -> 'geom'))
        from (select to_jsonb(added) as now, to_jsonb(gone) as was from added join gone using (fid) order by fid) as rows
        where wangge.event_properties(now) <> wangge.event_properties(was) or now -> 'geom' is distinct from was -> 'geom';
    end if;
    perform pg_notify('wangge_push', tg_argv[0]);
    return null;
end
$$;

create trigger grids_told_insert after insert on wangge.grids
    referencing new table as added for each statement execute function wangge.note_changes('grids', 'code', 'township_code');
create trigger grids_told_update after update on wangge.grids
    referencing old table as gone new table as added
    for each statement execute function wangge.note_changes('grids', 'code', 'township_code');
create trigger grids_told_delete after delete on wangge.grids
    referencing old table as gone for each statement execute function wangge.note_changes('grids', 'code', 'township_code');
create trigger findings_told_insert after insert on wangge.findings
    referencing new table as added for each statement execute function wangge.note_changes('findings', 'id', 'township_code');
create trigger findings_told_update after update on wangge.findings
    referencing old table as gone new table as added
    for each statement execute function wangge.note_changes('findings', 'id', 'township_code');
create trigger findings_told_delete after delete on wangge.findings
    referencing old table as gone for each statement execute function wangge.note_changes('findings', 'id', 'township_code');
create trigger cases_told_insert after insert on wangge.cases
    referencing new table as added for each statement execute function wangge.note_changes('cases', 'case_no', 'township_code');
create trigger cases_told_update after update on wangge.cases
    referencing old table as gone new table as added
    for each statement execute function wangge.note_changes('cases', 'case_no', 'township_code');
create trigger cases_told_delete after delete on wangge.cases
    referencing old table as gone for each statement execute function wangge.note_changes('cases', 'case_no', 'township_code');

-- Of a job, only what becomes of it: neither inputs nor results, which may be large and somebody's own.
create function wangge.note_job() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    perform wangge.note_event(
        'jobs', case tg_op when 'INSERT' then 'created' else 'updated' end, new.id::text, new.asker_township,
        jsonb_build_object('process', new.process, 'status', new.status));
    perform pg_notify('wangge_push', 'jobs');
    return null;
end
$$;
create trigger jobs_pushed_insert after insert on wangge.jobs for each row execute function wangge.note_job();
create trigger jobs_pushed_update after update of status on wangge.jobs
    for each row when (new.status <> old.status) execute function wangge.note_job();

-- The administrator's ways in: the service's own login can't touch these tables.
create function wangge.add_subscription(
    name text, kind text, uri text, secret bytea, layers text[], township_code text
) returns integer
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    made integer;
begin
    if wangge.asking_role() <> 'admin' then
        raise insufficient_privilege;
    end if;
    insert into wangge.subscriptions (name, kind, uri, secret, layers, township_code)
    values ($1, $2, $3, $4, $5, $6) returning id into made;
    return made;
end
$$;

create function wangge.remove_subscription(subscription integer) returns boolean
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    if wangge.asking_role() <> 'admin' then
        raise insufficient_privilege;
    end if;
    delete from wangge.subscriptions where id = $1;
    return found;
end
$$;

create function wangge.list_subscriptions()
    returns table (id integer, name text, kind text, uri text, layers text[], township_code text, created_at timestamptz,
        failing_since timestamptz, last_error text, waiting bigint, dead bigint)
    language plpgsql stable security definer set search_path = wangge, pg_temp
as $$
begin
    if wangge.asking_role() <> 'admin' then
        raise insufficient_privilege;
    end if;
    return query
        select known.id, known.name, known.kind, known.uri, known.layers, known.township_code, known.created_at,
            known.failing_since, known.last_error,
            (select count(*) from wangge.deliveries where subscription = known.id and dead_at is null),
            (select count(*) from wangge.deliveries where subscription = known.id and dead_at is not null)
        from wangge.subscriptions as known order by known.id;
end
$$;

-- What was given up is sent again, in its old order.
create function wangge.revive_deliveries(subscription integer) returns bigint
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    revived bigint;
begin
    if wangge.asking_role() <> 'admin' then
        raise insufficient_privilege;
    end if;
    update wangge.deliveries set dead_at = null, reason = null, attempts = 0, due_at = now()
    where deliveries.subscription = $1 and dead_at is not null;
    get diagnostics revived = row_count;
    update wangge.subscriptions set due_at = now() where id = $1;
    perform pg_notify('wangge_push', '');
    return revived;
end
$$;

create function wangge.list_dead(subscription integer, most integer)
    returns table (event bigint, id uuid, layer text, operation text, feature text, happened_at timestamptz, dead_at timestamptz,
        attempts smallint, reason text)
    language plpgsql stable security definer set search_path = wangge, pg_temp
as $$
begin
    if wangge.asking_role() <> 'admin' then
        raise insufficient_privilege;
    end if;
    return query
        select given_up.event, happened.id, given_up.layer, happened.operation, given_up.feature, happened.happened_at,
            given_up.dead_at, given_up.attempts, given_up.reason
        from wangge.deliveries as given_up join wangge.events as happened on happened.number = given_up.event
        where given_up.subscription = $1 and given_up.dead_at is not null
        order by given_up.event limit $2;
end
$$;

revoke all on function wangge.note_event(text, text, text, text, jsonb) from public;
revoke all on function wangge.add_subscription(text, text, text, bytea, text[], text) from public;
revoke all on function wangge.remove_subscription(integer) from public;
revoke all on function wangge.list_subscriptions() from public;
revoke all on function wangge.revive_deliveries(integer) from public;
revoke all on function wangge.list_dead(integer, integer) from public;
grant execute on function wangge.add_subscription(text, text, text, bytea, text[], text) to wangge_api;
grant execute on function wangge.remove_subscription(integer) to wangge_api;
grant execute on function wangge.list_subscriptions() to wangge_api;
grant execute on function wangge.revive_deliveries(integer) to wangge_api;
grant execute on function wangge.list_dead(integer, integer) to wangge_api;
