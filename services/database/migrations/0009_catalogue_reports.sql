-- A plan that is applied reports its own service standards through the ledger; investment is a number.

ALTER TABLE submissions DROP CONSTRAINT submissions_channel_check;
ALTER TABLE submissions ADD CONSTRAINT submissions_channel_check
    CHECK (channel IN ('gateway', 'producer', 'catalogue'));
COMMENT ON COLUMN submissions.channel IS
    'gateway: over HTTP; producer: an agency''s own Kafka producer; catalogue: the standards of a plan that was applied';

ALTER TABLE work_reports ALTER COLUMN investment TYPE numeric USING investment::numeric;
COMMENT ON COLUMN work_reports.investment IS 'completed so far, in 10,000 yuan';
