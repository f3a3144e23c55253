SELECT plan_id, plan_title_zh AS "规划", area_name_zh AS "地区", indicators AS "指标数", with_figure AS "有数指标",
       newest_period AS "最新时期", last_received_at AS "最近报送", last_evaluated_at AS "最近评价",
       unevaluated AS "待评价报送", simulated AS "模拟报送"
FROM plan_freshness
ORDER BY plan_id <> 'national', plan_id
