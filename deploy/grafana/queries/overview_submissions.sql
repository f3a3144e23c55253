SELECT day AS "time",
       coalesce(sum(accepted_rows) FILTER (WHERE NOT simulated), 0)::float8 AS "采纳行",
       coalesce(sum(returned_rows) FILTER (WHERE NOT simulated), 0)::float8 AS "退回行",
       coalesce(sum(accepted_rows) FILTER (WHERE simulated), 0)::float8 AS "采纳行（模拟数据）",
       coalesce(sum(returned_rows) FILTER (WHERE simulated), 0)::float8 AS "退回行（模拟数据）",
       sum(submissions)::float8 AS "报送次数"
FROM submissions_by_day
WHERE $__timeFilter(day)
GROUP BY day
ORDER BY day
