drop table lost_revisions;
drop table epochs;
