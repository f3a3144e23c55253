"""The main job as an office sees it: five plans, the printed figures, the right warnings and mails, a correction.

The tests of this module are one story and run in their order on one Planwatch.
"""

from __future__ import annotations

import json
import mailbox
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaProducer

from planwatch.wire import SUBMISSION_RECEIVED
from tests.e2e.conftest import Planwatch, eventually

ZHONGWEI_2021 = {
    "red": {5, 13},
    "orange": {10},
    "yellow": {1, 6, 11, 16},
}
FAULTY = """INDICATOR,TIME_PERIOD,OBS_VALUE
zhongwei-20,2021,98.5
九年义务巩固,2021,99
zhongwei-03,2021,约九十
zhongwei-04,2021,250
zhongwei-07,2031,11
zhongwei-20,2021,98.6
"""


def levels(warnings: list[dict[str, Any]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for warning in warnings:
        found.setdefault(warning["level"], set()).add(warning["no"])
    return found


def caught(planwatch: Planwatch) -> list[str]:
    folder = mailbox.Maildir(planwatch.data_dir / "mail", create=False)
    return [str(message["Message-ID"]) for message in folder]


def test_five_plans_are_loaded_and_all_their_printed_figures_accepted(planwatch: Planwatch) -> None:
    assert {plan["plan"]: plan["indicators"] for plan in planwatch.result["plans"]} == {
        "national": 22,
        "zhongwei": 25,
        "shizuishan": 25,
        "wuwei": 25,
        "kongtong": 28,
    }
    assert [row["returned_rows"] for row in planwatch.result["submissions"]] == [0] * 6


def test_zhongwei_2021_gets_exactly_the_expected_colours(planwatch: Planwatch) -> None:
    assert levels(planwatch.result["warnings"]) == ZHONGWEI_2021
    verdicts = {row["no"]: row["class"] for row in planwatch.result["assessments"] if row["plan"] == "zhongwei"}
    assert len(verdicts) == 25
    assert (verdicts[12], verdicts[9], verdicts[15]) == ("held", "no_data", "no_data")
    assert (verdicts[8], verdicts[19]) == ("ahead", "ahead")


def test_each_grave_warning_has_a_mail_and_the_rest_one_digest_an_agency(planwatch: Planwatch) -> None:
    told = {(mail["kind"], mail["agency"]) for mail in planwatch.result["mails"]}
    assert told == {
        ("warning", "zhongwei-education"),
        ("warning", "zhongwei-civil-affairs"),
        ("warning", "zhongwei-health"),
        ("digest", "zhongwei-education"),
        ("digest", "zhongwei-civil-affairs"),
        ("digest", "zhongwei-health"),
    }
    assert len(planwatch.result["mails"]) == 6
    assert sorted(caught(planwatch)) == sorted(mail["message_id"] for mail in planwatch.result["mails"])


def test_correcting_a_figure_closes_the_warning_and_mails_the_closure_once(
    planwatch: Planwatch, tmp_path: Path
) -> None:
    before = datetime.now(UTC).isoformat()
    correction = tmp_path / "correction.csv"
    correction.write_text("指标,地区,时期,数值\n5,640500,2021,99.7\n", encoding="gb18030")

    first = planwatch.json("submit", str(correction))
    again = planwatch.json("submit", str(correction))

    assert (first["outcome"], again["outcome"]) == ("accepted", "repeated")
    assert again["submission_id"] == first["submission_id"]
    assert again["received_at"] == first["received_at"]
    eventually(lambda: levels(planwatch.json("warnings")).get("red"), {13})
    eventually(lambda: sum(mail.startswith("<warning-") for mail in caught(planwatch)), 4)
    red = [row for row in planwatch.json("assess", "--as-of", before) if row["no"] == 5]
    now = [row for row in planwatch.json("assess") if row["no"] == 5]
    assert [(row["class"], row["level"], row["obs_value"]) for row in red] == [("reversed", "red", 97.81)]
    assert [(row["class"], row["level"], row["obs_value"]) for row in now] == [("ahead", None, 99.7)]


def test_explain_names_figures_rule_submission_and_vintages(planwatch: Planwatch) -> None:
    case = next(row for row in planwatch.json("warnings", "--closed") if row["no"] == 5)
    told = planwatch.json("explain", case["warning"])
    assert [float(vintage["obs_value"]) for vintage in told["vintages"]] == [97.81, 99.7]
    assert [step["step_kind"] for step in told["history"]] == ["raise", "close"]
    assert told["rule"]["policy_line"] == "default-3: levels.reversed.binding = red"
    assert told["figures"]["submission_id"] == told["vintages"][1]["submission_id"]
    assert {mail["kind"] for mail in told["mails"]} == {"warning", "closure"}


def test_a_faulty_file_gets_a_finding_per_row_and_its_good_row_is_evaluated(
    planwatch: Planwatch, tmp_path: Path
) -> None:
    faulty = tmp_path / "faulty.csv"
    faulty.write_text(FAULTY, encoding="utf-8")
    receipt = planwatch.json("submit", str(faulty))
    assert [(finding["row"], finding["field"], finding["code"]) for finding in receipt["findings"]] == [
        (3, "INDICATOR", "unknown_indicator"),
        (4, "OBS_VALUE", "not_a_number"),
        (5, "OBS_VALUE", "out_of_bounds"),
        (6, "TIME_PERIOD", "period_outside_plan"),
        (7, "INDICATOR", "duplicate_row"),
    ]
    assert all(finding["reason"]["zh"] and finding["reason"]["en"] for finding in receipt["findings"])
    assert receipt["accepted_rows"] == 1
    assert receipt["evaluated_at"]
    assert [row["obs_value"] for row in planwatch.json("assess") if row["no"] == 20] == [98.5]


def test_a_record_that_is_not_json_goes_aside_and_the_next_one_is_evaluated(planwatch: Planwatch) -> None:
    producer = KafkaProducer(bootstrap_servers=planwatch.addresses["kafka"].split(","))
    own = {
        "schema": SUBMISSION_RECEIVED,
        "agency_id": "zhongwei-development-reform",
        "plan_id": "zhongwei",
        "observations": [{"indicator": "zhongwei-06", "time_period": "2021", "obs_value": "94.2"}],
    }
    producer.send(SUBMISSION_RECEIVED, key=b"640500", value=b"\xff{ not json").get(20)
    producer.send(SUBMISSION_RECEIVED, key=b"640500", value=json.dumps(own).encode()).get(20)
    producer.close()
    eventually(lambda: [row["class"] for row in planwatch.json("assess") if row["no"] == 6], ["ahead"])
    letters = planwatch.json("deadletter", "list")
    assert [(letter["topic"], "JSON" in letter["reason_zh"]) for letter in letters] == [(SUBMISSION_RECEIVED, True)]
    replayed = planwatch.run("deadletter", "replay", letters[0]["dead_letter_id"])
    assert replayed.returncode == 0, replayed.stderr
    eventually(lambda: len(planwatch.json("deadletter", "list")), 2)


def test_every_event_has_taken_effect_and_no_partition_lags(planwatch: Planwatch) -> None:
    query = "SELECT topic FROM outgoing_events WHERE settled_at IS NULL"
    with psycopg.connect(planwatch.addresses["database_url"]) as connection:
        eventually(lambda: connection.execute(query).fetchall(), [])
    assert planwatch.run("doctor").returncode == 0


def test_observations_are_a_hypertable_exactly_where_the_extension_is(
    planwatch: Planwatch, request: pytest.FixtureRequest
) -> None:
    is_real = "real" in request.node.callspec.id
    with psycopg.connect(planwatch.addresses["database_url"]) as connection:
        extension = connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
        assert (extension is not None) == is_real
