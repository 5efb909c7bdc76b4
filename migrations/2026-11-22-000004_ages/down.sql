alter table teens drop column age_moved_recorded_at;
alter table teens drop column has_age_signals;
drop table age_appeals;
drop table transition_notices;
drop table age_decisions;
drop table age_signals;
