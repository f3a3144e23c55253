SELECT state AS "状态", mail_kind AS "种类", mails AS "封数", in_doubt AS "可能重复", oldest AS "最早一封",
       last_sent_at AS "最近发出"
FROM mail_states
ORDER BY array_position(ARRAY['refused', 'pending', 'sent'], state), mail_kind
