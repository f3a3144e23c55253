"""Starts the servers that are not given from outside, and keeps them running while Planwatch does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.embedded.broker import Broker
from services.embedded.data_dir import hold_data_dir
from services.embedded.mail_catcher import MailCatcher
from services.embedded.postgres import prepared_cluster
from services.program import Program, free_ports
from services.supervisor import Report, Supervisor, keep_silent

READY_S = 90.0


@dataclass(frozen=True, slots=True)
class EmbeddedServers:
    """Addresses of the three servers, whether started here or given.

    Attributes:
        database_url: value for PLANWATCH_DATABASE_URL.
        kafka: value for PLANWATCH_KAFKA.
        smtp_url: value for PLANWATCH_SMTP_URL.
        maildir: folder in which the catcher keeps the mails, None where real mail is sent.
        log_dir: folder of all logs.
        supervisor: keeps the servers started here running; its `raise_if_failed` tells whether one was given up.
    """

    database_url: str
    kafka: str
    smtp_url: str
    maildir: Path | None
    log_dir: Path
    supervisor: Supervisor


@contextmanager
def embedded_servers(
    data_dir: Path,
    *,
    database_url: str = "",
    kafka: str = "",
    smtp_url: str = "",
    report: Report = keep_silent,
) -> Iterator[EmbeddedServers]:
    """Start each server whose address is empty; they run while the block does and are ready when it begins.

    Below `data_dir` lie `postgres` (the cluster), `mail` (the Maildir) and `log`; all of it survives the end,
    the records of the broker do not.

    Args:
        data_dir: made if absent; one process at a time may use it.
        database_url: a PostgreSQL from outside, with its database.
        kafka: bootstrap servers from outside.
        smtp_url: a mail server from outside.
        report: called with each event of a server, from another thread.

    Raises:
        DataDirUnusable: the folder is in use or cannot be written.
        ProgramFailed: a server does not become ready within 90 seconds.
    """
    with ExitStack() as stack:
        data_dir = stack.enter_context(hold_data_dir(data_dir))
        log_dir = data_dir / "log"
        programs: list[Program] = []
        cluster, maildir = None, None
        broker_port, mail_port = free_ports(2)
        if not database_url:
            cluster = stack.enter_context(prepared_cluster(data_dir / "postgres", log_dir))
            database_url = cluster.url
            programs.append(cluster.program)
        if not kafka:
            broker = Broker(broker_port, data_dir)
            kafka = broker.bootstrap
            programs.append(broker.program)
        if not smtp_url:
            catcher = MailCatcher(mail_port, data_dir / "mail")
            smtp_url, maildir = catcher.smtp_url, catcher.maildir
            programs.append(catcher.program)
        supervisor = stack.enter_context(Supervisor(programs, log_dir, report=report))
        supervisor.wait_until_ready(READY_S)
        if cluster is not None:
            cluster.create_database()
        yield EmbeddedServers(database_url, kafka, smtp_url, maildir, log_dir, supervisor)
