-- What a type is called follows from its code: a register's own wording beside it was kept before. No count hangs on it,
-- and cases of the first version have cells that are counted only after all migrations.
alter table wangge.cases disable trigger cases_counted_update;
update wangge.cases set type_name = known.type_name
from wangge.case_types as known
where (cases.category, cases.type_code) = (known.category, known.type_code) and cases.type_name <> known.type_name;
alter table wangge.cases enable trigger cases_counted_update;
