"""`python -m bench`: workloads on the running services, and the ratios they print.

`throughput` measures one evaluator worker against `reference`, one bare connection that writes the same rows;
`pure_evaluation` measures the domain alone, against a bare loop with one division per record;
`latency` measures the whole way from a report accepted to its mail handed over. `workload` makes the reports,
`backtest` holds the forecast against published series (`python -m bench.backtest`);
`servers` the databases and topics they go through, `report` the table and `bench/out/latest.json`.
"""
