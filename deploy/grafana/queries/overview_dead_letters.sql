SELECT coalesce(sum(waiting), 0)::bigint AS "待处理", coalesce(sum(dead_letters), 0)::bigint AS "累计"
FROM dead_letter_counts
