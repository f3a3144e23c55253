"""The gateway and the relay: reports in over HTTP, a receipt out, and the events on to Kafka.

Accepted means durable: a 202 is answered after the raw submission is committed to the
ledger. `gateway` speaks HTTP, `formats` reads what was sent, `store` holds the SQL,
`relay` publishes what the outbox holds.
"""
