SELECT count(*) FILTER (WHERE level = 'red') AS "红色", count(*) FILTER (WHERE level = 'orange') AS "橙色",
       count(*) FILTER (WHERE level = 'yellow') AS "黄色", count(*) FILTER (WHERE level = 'blue') AS "蓝色"
FROM open_warnings
