"""Starts TimescaleDB and Apache Kafka, prints their addresses, serves until Ctrl-C: `python -m deploy.real.up`."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import closing
from typing import NoReturn

from deploy.real.lifecycle import RealServer
from deploy.real.servers import RealKafka, RealPostgres, missing_parts
from services.program import ProgramFailed


def main() -> int:
    """Run the two servers; standard output gets the lines to export and nothing else.

    Returns:
        0 after Ctrl-C, 1 when a server is missing or ended by itself.
    """
    if missing := missing_parts("timescaledb", "kafka"):
        _say(f"缺少 {' '.join(missing)}，请先运行 / not installed, run: deploy/real/install.sh {' '.join(missing)}")
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _say("正在启动 TimescaleDB 和 Kafka / starting TimescaleDB and Kafka")
    try:
        with closing(RealPostgres()) as postgres, closing(RealKafka()) as kafka:
            kafka.launch()
            postgres.start()
            kafka.wait_until_ready()
            print(f"export PLANWATCH_DATABASE_URL={postgres.url}")
            print(f"export PLANWATCH_KAFKA={kafka.bootstrap}", flush=True)
            _say("运行中，按 Ctrl-C 停止；数据随之删除 / serving until Ctrl-C; the data goes with it")
            _watch(postgres, kafka)
    except ProgramFailed as failure:
        _say(str(failure))
        return 1
    except KeyboardInterrupt:
        _say("已停止 / stopped")
    return 0


def _watch(*servers: RealServer) -> NoReturn:
    while True:
        for server in servers:
            if not server.is_running:
                raise server.failed("意外退出 / ended by itself")
        time.sleep(0.5)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
