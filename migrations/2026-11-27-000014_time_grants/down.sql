drop table time_grants;
