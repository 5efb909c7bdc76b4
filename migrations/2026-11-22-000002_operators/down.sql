drop table platform_keys;
drop table operators;
