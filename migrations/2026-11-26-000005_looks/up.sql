-- How often it was looked whether a policy changes by itself, and it did not. A change that was planned before such a look may have been
-- planned by other laws: it compares this number and is planned again.
alter table teens add column looks bigint not null default 0;
