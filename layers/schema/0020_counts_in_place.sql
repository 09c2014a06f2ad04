-- A count that grows is written into its own page again: with half of each page free it needs no new entry in the index,
-- and the rows of a month stay together. Without it every batch of cases scattered them, and a map of a month that was
-- written five times over read a page for every third cell.
alter table wangge.case_heat set (fillfactor = 50);
cluster wangge.case_heat using case_heat_pkey;

-- Statistics know of no row whose count is 0, so for a third of the cases at once the planner read all counts for the few
-- that had come to nothing, and compared each with every case: minutes, where a join takes a second. It knows nothing of
-- a sum's value, and joins.
do $$
declare
    counting regprocedure;
begin
    foreach counting in array array['wangge.count_gone()', 'wangge.count_changed()']::regprocedure[] loop
        execute replace(pg_get_functiondef(counting), 'known.count <= 0', 'known.count + 0 <= 0');
    end loop;
end
$$;
