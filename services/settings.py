"""Environment → frozen settings, read once by an entry point and handed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from services.errors import SettingsInvalid

PREFIX = "PLANWATCH_"
AUDIT_EVERY_S = 60
MAIL_LATE_S = 3600
NUMBERS = (
    "http_port", "partitions", "digest_wait_s", "submissions_per_minute", "submission_bytes", "smtp_connections",
    "mails_per_minute", "inbound_port", "trusted_proxies", "audit_every_s", "mail_late_s",
)  # fmt: skip
AT_LEAST_ONE = ("smtp_connections", "mails_per_minute", "audit_every_s")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service is told by its environment; each field is the variable `PLANWATCH_<FIELD>`.

    Attributes:
        database_url: PostgreSQL or TimescaleDB, `postgresql://user:password@host:5432/planwatch`.
        kafka: bootstrap servers, `host:9092,host:9092`.
        smtp_url: mail server, `smtp://[user:password@]host:25`, `smtps://...` or `smtp+starttls://...`.
        smtp_ca: file with the certificates of the authority that signed the mail server's; empty for the system's.
        smtp_connections: connections to the mail server at a time.
        mails_per_minute: most mails to one recipient domain in a minute.
        operator_email: who is told of mails that do not arrive; empty for `mail_from`.
        inbound_port: port on which bounces and replies are taken in; 0 takes none.
        inbound_domain: right part of the addresses at which they are taken.
        secret: key of the signatures in links; at least 32 characters.
        http_host: address on which the service listens.
        http_port: its port; 0 lets the system choose.
        public_url: address under which people reach the pages; it stands in mails.
        alerts_url: address under which people reach the cases, and the links in mails, of the alerting service.
        mail_from: sender of the mails.
        reply_to: address to which answers to mails go; empty: to the sender.
        mail_domain: right part of Message-IDs.
        mail_catcher: folder (Maildir) of the local mail catcher, empty where real mail is sent.
        partitions: partitions of a topic that is created.
        digest_wait_s: overrides how long a digest stays open; empty follows the policy.
        submissions_per_minute: most submissions that one agency may send in a minute.
        submission_bytes: largest submission in bytes.
        trusted_proxies: reverse proxies in front of the alerting service that append to X-Forwarded-For.
        channels: file of the channels beside the mail; empty where there are none.
        audit_every_s: seconds between two self-audits.
        mail_late_s: seconds that a mail may wait before the self-audit finds it late.
    """

    database_url: str
    kafka: str
    smtp_url: str
    secret: str
    http_host: str = "127.0.0.1"
    http_port: int = 0
    public_url: str = ""
    alerts_url: str = ""
    mail_from: str = "planwatch@localhost"
    reply_to: str = ""
    mail_domain: str = "planwatch.localhost"
    mail_catcher: str = ""
    smtp_ca: str = ""
    smtp_connections: int = 4
    mails_per_minute: int = 120
    operator_email: str = ""
    inbound_port: int = 0
    inbound_domain: str = ""
    partitions: int = 4
    digest_wait_s: int | None = None
    submissions_per_minute: int = 1200
    submission_bytes: int = 8_000_000
    trusted_proxies: int = 0
    channels: str = ""
    audit_every_s: int = AUDIT_EVERY_S
    mail_late_s: int = MAIL_LATE_S


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; every missing or wrong variable is named at once.

    Raises:
        SettingsInvalid: a required variable is missing or a number is not a number.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    for field in fields(Settings):
        name = PREFIX + field.name.upper()
        text = environment.get(name, "")
        if not text:
            if field.name in ("database_url", "kafka", "smtp_url", "secret"):
                faults.append(f"{name} 未设置 / {name} is not set")
            continue
        try:
            values[field.name] = _convert(field.name, text)
        except ValueError:
            faults.append(f"{name}=“{text}” 应为有意义的整数 / must be a sensible whole number")
    if values.get("inbound_port") and not values.get("inbound_domain"):
        faults.append(f"{PREFIX}INBOUND_DOMAIN 未设置 / {PREFIX}INBOUND_DOMAIN is not set")
    if len(values.get("secret", "x" * 32)) < 32:
        faults.append(f"{PREFIX}SECRET 至少 32 个字符 / needs at least 32 characters")
    if faults:
        raise SettingsInvalid("; ".join(faults))
    return Settings(**values)


def _convert(name: str, text: str) -> str | int:
    if name not in NUMBERS:
        return text
    number = int(text)
    if name in AT_LEAST_ONE and number < 1:
        raise ValueError(name)
    return number
