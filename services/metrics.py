"""All metrics of all services, by name, in one file; labels are few and never carry a series."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800)

SUBMISSIONS = Counter(
    "planwatch_submissions", "Submissions at the gateway, by outcome (accepted, repeated, refused)", ["outcome"]
)
ROWS = Counter("planwatch_rows", "Rows of evaluated submissions, by outcome (accepted, returned)", ["outcome"])
EVENTS_PUBLISHED = Counter("planwatch_events_published", "Events that the relay handed to Kafka", ["topic"])
OUTBOX_UNPUBLISHED = Gauge("planwatch_outbox_unpublished", "Events that wait to be handed to Kafka")
LAG = Gauge("planwatch_consumer_lag_records", "Records that wait to take effect", ["consumer"])
EVALUATED = Counter("planwatch_assessments", "Assessments committed, by class", ["verdict"])
DEAD_LETTERS = Counter("planwatch_dead_letters", "Records set aside because they cannot be understood", ["consumer"])
WARNING_STEPS = Counter("planwatch_warning_steps", "Steps in the life of warnings", ["step_kind", "level"])
WARNINGS_OPEN = Gauge("planwatch_warnings_open", "Open warnings, by level", ["level"])
MAILS = Counter("planwatch_mails", "Mails by outcome (sent, deferred, refused, bounced, delayed)", ["outcome"])
INBOUND_MAILS = Counter(
    "planwatch_inbound_mails",
    "Mails that came in, by outcome (noted, bounced, delayed, ignored, rejected, failed)",
    ["outcome"],
)
CALENDAR_DAYS = Gauge(
    "planwatch_working_calendar_days", "Days ahead for which the working calendar knows the public holidays"
)
AUDIT_FINDINGS = Gauge("planwatch_audit_findings", "Findings of the newest self-audit, by rule", ["code"])
AUDIT_LAST_RUN = Gauge("planwatch_audit_last_run_timestamp_seconds", "When the newest self-audit came to its end")
AUDIT_EVERY = Gauge("planwatch_audit_interval_seconds", "Seconds after the newest self-audit when the next one is due")
AUDIT_FAILURES = Counter("planwatch_audit_failures", "Self-audits that could not be made")
CHANNEL_MESSAGES = Counter(
    "planwatch_channel_messages", "Messages to channels, by outcome (sent, deferred, refused)", ["channel", "outcome"]
)
MAILS_PENDING = Gauge("planwatch_mails_pending", "Mails that wait to be handed over")
ACCEPTED_TO_EVALUATED = Histogram(
    "planwatch_accepted_to_evaluated_seconds", "From receipt to committed assessments", buckets=_SECONDS
)
ACCEPTED_TO_MAILED = Histogram(
    "planwatch_accepted_to_mailed_seconds", "From receipt to an immediate mail handed over", buckets=_SECONDS
)
