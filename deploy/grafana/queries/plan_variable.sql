SELECT title_zh AS "__text", plan_id AS "__value" FROM current_plans ORDER BY parent_plan IS NOT NULL, plan_id
