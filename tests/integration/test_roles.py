"""Least privilege: what a service's role must not do, the database refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

pytestmark = pytest.mark.embedded

INGEST, EVALUATE, ALERTS, READER = "planwatch_ingest", "planwatch_evaluate", "planwatch_alerts", "planwatch_reader"
ROLES = (INGEST, EVALUATE, ALERTS, READER)
CATALOGUE = ("plans", "policies", "agencies", "indicators", "api_keys", "migrations")
LEDGER = ("submissions", "outgoing_events", "watermarks", "dead_letters")
FIGURES = ("series", "observations", "assessments", "assessment_forecasts")
WARNINGS = ("early_warnings", "warning_history", "digests", "mails")
PEOPLE = ("accounts", "account_sessions", "account_links", "account_tokens", "account_events")
TABLES = (*CATALOGUE, *LEDGER, *FIGURES, *WARNINGS, *PEOPLE)

ALLOWED = [
    (INGEST, "SELECT * FROM api_keys"),
    (INGEST, "SELECT * FROM submissions"),
    (INGEST, "UPDATE outgoing_events SET published_at = now()"),
    (EVALUATE, "SELECT * FROM observations"),
    (EVALUATE, "UPDATE observations SET revision = 1"),
    (EVALUATE, "UPDATE submissions SET evaluated_at = now(), accepted_rows = 0, findings = '[]'"),
    (EVALUATE, "SELECT FROM series FOR UPDATE"),
    (ALERTS, "SELECT * FROM warning_history"),
    (ALERTS, "UPDATE mails SET state = 'sent'"),
    (ALERTS, "SELECT * FROM inbound_mails"),
    (ALERTS, "UPDATE early_warnings SET state = 'acknowledged'"),
    (ALERTS, "SELECT email FROM agencies"),
    (ALERTS, "UPDATE accounts SET password_hash = NULL"),
    (ALERTS, "DELETE FROM sign_in_throttles"),
    (READER, "SELECT subject, state FROM mails"),
    (READER, "SELECT subject, outcome, reason_zh FROM inbound_mails"),
    (READER, "SELECT * FROM undeliverable_addresses"),
    (READER, "SELECT submission_id, findings FROM submissions"),
    (READER, "SELECT * FROM open_warnings"),
    (READER, "SELECT * FROM assessments_as_of(now())"),
    (READER, "SELECT * FROM early_warnings_as_of(now())"),
]

FORBIDDEN = [
    # a receipt that was given stands, whatever the gateway does
    (INGEST, "UPDATE submissions SET findings = '[]'"),
    (INGEST, "UPDATE submissions SET content = ''"),
    (INGEST, "INSERT INTO api_keys (key_digest, agency_id, issued_at) VALUES ('', '', now())"),
    (INGEST, "UPDATE api_keys SET revoked_at = NULL"),
    (INGEST, "SELECT * FROM observations"),
    (INGEST, "SELECT * FROM mails"),
    (INGEST, "UPDATE watermarks SET next_offset = 0"),
    (INGEST, "UPDATE agencies SET email = ''"),
    # the evaluator judges; it changes nothing that was sent and tells nobody
    (EVALUATE, "UPDATE submissions SET content = ''"),
    (EVALUATE, "UPDATE submissions SET received_at = now()"),
    (EVALUATE, "UPDATE assessments SET class = 'ahead'"),
    (EVALUATE, "UPDATE dead_letters SET record_value = ''"),
    (EVALUATE, "UPDATE series SET plan_id = ''"),
    (EVALUATE, "SELECT * FROM mails"),
    (EVALUATE, "UPDATE mails SET state = 'sent'"),
    (EVALUATE, "SELECT * FROM early_warnings"),
    (EVALUATE, "INSERT INTO warning_history SELECT * FROM warning_history"),
    (EVALUATE, "SELECT * FROM api_keys"),
    (EVALUATE, "SELECT email FROM agencies"),
    (EVALUATE, "UPDATE plans SET document = '{}'"),
    (EVALUATE, "UPDATE policies SET document = '{}'"),
    # the history of a warning is append-only, and its figures are not the alerting service's
    (ALERTS, "UPDATE warning_history SET reason_zh = ''"),
    (ALERTS, "UPDATE observations SET obs_value = 0"),
    (ALERTS, "UPDATE assessments SET class = 'ahead'"),
    (ALERTS, "INSERT INTO submissions SELECT * FROM submissions"),
    (ALERTS, "UPDATE submissions SET evaluated_at = NULL"),
    (ALERTS, "UPDATE agencies SET email = ''"),
    (ALERTS, "UPDATE inbound_mails SET header_from = ''"),
    (ALERTS, "DELETE FROM undeliverable_addresses"),
    (ALERTS, "SELECT * FROM api_keys"),
    # what happened to an account stands, and an account stays the same person
    (ALERTS, "UPDATE account_events SET actor = ''"),
    (ALERTS, "UPDATE accounts SET sign_in_name = ''"),
    (ALERTS, "UPDATE account_tokens SET scope = 'write'"),
    (ALERTS, "UPDATE account_sessions SET account_id = ''"),
    (ALERTS, "UPDATE account_links SET used_at = NULL, account_id = ''"),
    # a reader of dashboards sees no mail, no key, no address list and no raw report
    (READER, "SELECT message FROM mails"),
    (READER, "SELECT return_token FROM mails"),
    (READER, "SELECT message FROM inbound_mails"),
    (READER, "SELECT * FROM mails"),
    (READER, "SELECT * FROM api_keys"),
    (READER, "SELECT content FROM submissions"),
    (READER, "SELECT * FROM submissions"),
    (READER, "SELECT record_value FROM dead_letters"),
    (READER, "UPDATE early_warnings SET state = 'closed'"),
    (READER, "INSERT INTO warning_history SELECT * FROM warning_history"),
    (READER, "UPDATE plans SET document = '{}'"),
]


def statement_id(case: object) -> str:
    return str(case).removeprefix("planwatch_")


@pytest.fixture(scope="module")
def owner(shared_database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(shared_database_url, autocommit=True) as connection:
        yield connection


def attempt(owner: psycopg.Connection[Any], role: str, statement: str) -> None:
    """Run a statement as a role; whatever it did is undone."""
    with owner.transaction(force_rollback=True):
        owner.execute(f"SET LOCAL ROLE {role}".encode())
        owner.execute(statement.encode())


@pytest.mark.parametrize(("role", "statement"), ALLOWED, ids=statement_id)
def test_a_service_can_do_what_it_is_for(owner: psycopg.Connection[Any], role: str, statement: str) -> None:
    attempt(owner, role, statement)


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN, ids=statement_id)
def test_a_service_cannot_do_what_it_must_not(owner: psycopg.Connection[Any], role: str, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        attempt(owner, role, statement)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", ROLES)
def test_no_service_deletes_anything(owner: psycopg.Connection[Any], role: str, table: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        attempt(owner, role, f"DELETE FROM {table}")  # noqa: S608
    with pytest.raises(InsufficientPrivilege):
        attempt(owner, role, f"TRUNCATE {table}")


@pytest.mark.parametrize("table", [*PEOPLE, "sign_in_throttles"])
@pytest.mark.parametrize("role", [INGEST, EVALUATE, READER])
def test_only_the_alerting_service_sees_who_signs_in(owner: psycopg.Connection[Any], role: str, table: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        attempt(owner, role, f"SELECT FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_a_reader_changes_nothing(owner: psycopg.Connection[Any], table: str) -> None:
    privileges = owner.execute(
        "SELECT privilege_type FROM information_schema.role_table_grants WHERE grantee = %s AND table_name = %s"
        " UNION SELECT privilege_type FROM information_schema.role_column_grants"
        " WHERE grantee = %s AND table_name = %s",
        (READER, table, READER, table),
    ).fetchall()

    assert {privilege for (privilege,) in privileges} <= {"SELECT"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement", ["CREATE TABLE mine (a int)", "ALTER TABLE mails ADD a int", "DROP TABLE mails", "CREATE ROLE mine"]
)
def test_no_service_changes_the_schema(owner: psycopg.Connection[Any], role: str, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        attempt(owner, role, statement)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_no_login_and_no_superuser(owner: psycopg.Connection[Any], role: str) -> None:
    row = owner.execute(
        "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = %s", (role,)
    ).fetchone()

    assert row == (False, False, False, False)
