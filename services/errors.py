"""Errors of the shells: what to do when the world outside fails."""

from __future__ import annotations

from planwatch.errors import PlanwatchError


class Retriable(PlanwatchError):
    """The world is not ready; the same call can succeed later."""


class StoreUnavailable(Retriable):
    """PostgreSQL cannot be reached or broke the connection."""


class BrokerUnavailable(Retriable):
    """Kafka cannot be reached or does not answer in time."""


class MailDeferred(Retriable):
    """The SMTP server asked to try later (4xx) or could not be reached.

    Attributes:
        in_doubt: the connection died after DATA, so the mail may have been accepted.
    """

    def __init__(self, message: str, *, in_doubt: bool = False) -> None:
        super().__init__(message)
        self.in_doubt = in_doubt


class Permanent(PlanwatchError):
    """The call can never succeed; somebody has to be told."""


class MailRefused(Permanent):
    """The SMTP server refused the mail for good (5xx)."""


class SettingsInvalid(Permanent):
    """An environment variable is missing or cannot be understood."""
