SELECT coalesce(sum(simulated), 0)::bigint AS "模拟报送" FROM plan_freshness
