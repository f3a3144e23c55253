"""`python -m bench`: run the workloads, print the table, write `bench/out/latest.json`."""

from __future__ import annotations

import os
import sys

from bench.latency import PER_SECOND, REPORTS, measure_latency
from bench.pure_evaluation import MOST_TIMES_BARE, PAIRS, measure_pure_evaluation
from bench.report import print_report, write_report
from bench.servers import bench_servers
from bench.throughput import ROUNDS, measure_throughput
from bench.workload import PLAN_ID
from services.catalogue_files import default_plans_dir, read_plan_file
from services.policy_files import read_default_policy

NOTES = (
    f"纯评价：{PAIRS:,} 对（指标，数据），与对同一批记录各做一次除法的空循环之比（目标低于 {MOST_TIMES_BARE:g}）。"
    " / Pure evaluation: pairs of indicator and figure, against a bare loop with one division per record.",
    f"吞吐量：{ROUNDS} 轮，评价进程与一条裸连接轮流写入相同的行，取合计之比（目标 0.5）；启动不计时。"
    " / Throughput: worker and bare connection in turn, the same rows (the aim is 0.5); start-up is not timed.",
    f"时延：每秒 {PER_SECOND} 份报送，共 {REPORTS} 份，每份都立即发信；由账本的接收时刻到邮件服务器应答。"
    " / Latency: from the ledger's moment of receipt to the mail server's answer.",
    "数据均为模拟。 / All figures are simulated.",
)


def main() -> int:
    """Entry point.

    Returns:
        The exit status: 1 if something that is promised does not hold.
    """
    plans_dir = default_plans_dir()
    pure = measure_pure_evaluation(read_plan_file(plans_dir, PLAN_ID).plan, read_default_policy(plans_dir).policy)
    with bench_servers(os.environ) as servers:
        measurements = [*pure, *measure_throughput(servers, os.environ), *measure_latency(servers, os.environ)]
    write_report(measurements)
    print_report(measurements, NOTES)
    return 0 if all(row.holds is not False for row in measurements) else 1


if __name__ == "__main__":
    sys.exit(main())
