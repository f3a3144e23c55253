SELECT plan_id, plan_title_zh AS "规划", area_name_zh AS "地区", domain_name AS "领域", light AS "预警灯",
       red AS "红色", orange AS "橙色", yellow AS "黄色", blue AS "蓝色", indicators AS "指标数",
       achieved AS "提前实现", ahead AS "快于预期", on_schedule AS "基本符合预期", held AS "保持达标",
       lagging AS "滞后于预期", far_behind AS "严重滞后", reversed AS "逆向变动", breached AS "未达标",
       no_data AS "缺数", not_assessable AS "无法评价", not_reported AS "尚未报送", simulated AS "数据性质"
FROM domain_lights
ORDER BY plan_id <> 'national', plan_id, first_no
