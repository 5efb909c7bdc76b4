drop table usage_days;
drop table budget_leases;
