"""The shells around the domain: everything here does I/O and decides nothing.

`ingest`, `evaluate`, `alerts` and `pages` are the services; they never import each other.
What they share: `settings`, `database`, `stream` (the consuming loop), `outbox` (events on
their way to Kafka), `metrics` and `logs`. `embedded` starts the servers for trying out,
`supervisor` runs all services under one parent, `cli` is the `planwatch` command.
"""
