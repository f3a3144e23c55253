"""Plan versions and milestones reach the verdicts, the cases and the past through the outbox, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from planwatch.errors import InvalidPlan
from planwatch.trajectory import PathPoint, Trajectory, share_done
from planwatch.wire import SUBMISSION_RECEIVED, CatalogueChanged, catalogue_change_to_bytes
from services.catalogue import apply_plan
from services.catalogue_files import read_plan_file
from services.cli.reading import read_assessments
from services.cli.recomputation import recompute
from services.database import connect_as
from services.milestones import apply_milestones, read_milestone_file
from services.stream.record import Record
from tests.builders import RECEIVED_AT, figure, make_record, make_submission_record
from tests.integration.test_catalogue import edit, revise
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

APPLIED_AT = RECEIVED_AT + timedelta(days=30)
DOCTORS = "zhongwei-10"
TRAINING = "zhongwei-08.640500._T._T"
MILESTONES = """
plan_id: zhongwei
year: "2022"
version: {version}
effective_on: "2021-12-01"
document: {{zh: 2022年政府工作报告, en: Government Work Report 2022}}
issuer: {{zh: 中卫市人民政府, en: Zhongwei Municipal Government}}
milestones:
  - {{indicator: {indicator}, value: "{value}", source: 第三部分}}
"""


def apply_version_two(pipeline: Pipeline, plans_dir: Path, *, at: datetime = APPLIED_AT) -> None:
    """The target for doctors is lowered from 3.3 to 2.2 from 2021 on."""
    path = plans_dir / "zhongwei" / "plan.yaml"
    edit(path, r'target: \{value: "3\.3"', 'target: {value: "2.2"')
    revise(path)
    with connect_as(pipeline.url) as connection:
        assert apply_plan(connection, read_plan_file(plans_dir, "zhongwei"), at)


def state_milestone(pipeline: Pipeline, plans_dir: Path, indicator: str, value: str, version: int = 1) -> bool:
    path = plans_dir / "zhongwei" / "milestones-2022.yaml"
    path.write_text(MILESTONES.format(indicator=indicator, value=value, version=version), "utf-8")
    with connect_as(pipeline.url) as connection:
        return apply_milestones(connection, read_milestone_file(plans_dir, path), APPLIED_AT + timedelta(days=version))


def asked(pipeline: Pipeline) -> list[Record]:
    """The changes of the catalogue that wait in the outbox."""
    rows = pipeline.rows(
        "SELECT record_value FROM outgoing_events WHERE topic = %s AND event_id LIKE 'catalogue:%%' ORDER BY event_no",
        SUBMISSION_RECEIVED,
    )
    return [make_record(value, offset=number) for number, (value,) in enumerate(rows)]


def classes(pipeline: Pipeline, as_of: datetime) -> list[tuple[object, ...]]:
    return pipeline.rows("SELECT plan_version, class, expected_value FROM assessments_as_of(%s)", as_of)


async def test_a_new_version_judges_the_open_periods_anew_and_closes_the_case(
    pipeline: Pipeline, plans_dir: Path
) -> None:
    # given 2.08 → 2.13 of 3.3: a = 0.04 of s = 0.2
    await pipeline.submit(figure(10, "2021", "2.13"), submission_id="a")
    assert pipeline.open_levels() == {DOCTORS: "orange"}

    # when the target becomes 2.2: a = 0.42
    apply_version_two(pipeline, plans_dir)
    await pipeline.evaluate(*asked(pipeline))
    await pipeline.alert()

    # then
    assert classes(pipeline, APPLIED_AT) == [(2, "ahead", Decimal("2.104"))]
    assert classes(pipeline, APPLIED_AT - timedelta(microseconds=1)) == [(1, "far_behind", Decimal("2.324"))]
    assert pipeline.open_levels() == {}
    ((code, words),) = pipeline.rows("SELECT change_code, change_en FROM assessments WHERE change_code IS NOT NULL")
    assert code == "plan_version"
    assert "plan version 2 lowered the target from 3.3 to 2.2" in words


async def test_only_the_indicators_that_the_version_changes_are_asked_for(pipeline: Pipeline, plans_dir: Path) -> None:
    await pipeline.submit(figure(10, "2021", "2.13"), figure(5, "2021", "97.81"), submission_id="a")

    apply_version_two(pipeline, plans_dir)

    assert [record.value for record in asked(pipeline)] == [
        catalogue_change_to_bytes(CatalogueChanged("zhongwei", DOCTORS, APPLIED_AT))
    ]


async def test_a_change_that_is_delivered_twice_has_one_effect(pipeline: Pipeline, plans_dir: Path) -> None:
    await pipeline.submit(figure(10, "2021", "2.13"), submission_id="a")
    apply_version_two(pipeline, plans_dir)
    changes = asked(pipeline)
    await pipeline.evaluate(*changes)
    before = pipeline.snapshot()

    assert await pipeline.evaluate(*changes) == []

    assert pipeline.snapshot() == before


async def test_a_change_that_the_outbox_does_not_know_is_set_aside(pipeline: Pipeline) -> None:
    forged = make_record(catalogue_change_to_bytes(CatalogueChanged("zhongwei", DOCTORS, APPLIED_AT)))

    (rejected,) = await pipeline.evaluate(forged)

    assert rejected.record == forged


async def test_a_report_that_overtakes_the_change_is_not_judged_twice(pipeline: Pipeline, plans_dir: Path) -> None:
    apply_version_two(pipeline, plans_dir)
    await pipeline.evaluate(
        make_submission_record(
            figure(10, "2021", "2.13"), submission_id="a", received_at=APPLIED_AT - timedelta(days=1)
        )
    )

    await pipeline.evaluate(*asked(pipeline))

    assert pipeline.rows("SELECT plan_version, class, known_at FROM assessments ORDER BY 1") == [
        (1, "far_behind", APPLIED_AT - timedelta(days=1)),
        (2, "ahead", APPLIED_AT),
    ]


async def test_both_versions_can_be_shown_for_the_same_period(pipeline: Pipeline, plans_dir: Path) -> None:
    await pipeline.submit(figure(10, "2021", "2.13"), submission_id="a")
    apply_version_two(pipeline, plans_dir)
    await pipeline.evaluate(*asked(pipeline))

    with connect_as(pipeline.url, "planwatch_reader") as connection:
        one, two = (recompute(connection, "zhongwei", version, APPLIED_AT) for version in (1, 2))
        (stored,) = read_assessments(connection, APPLIED_AT)

    assert [(row["plan_version"], row["class"], row["target_value"]) for row in (*one, *two)] == [
        (1, "far_behind", Decimal("3.3")),
        (2, "ahead", Decimal("2.2")),
    ]
    same = two[0].keys() & stored.keys() - {"level", "known_at"}
    assert {name: two[0][name] for name in same} == {name: stored[name] for name in same}


async def test_a_stated_milestone_judges_anew_and_the_past_stays(pipeline: Pipeline, plans_dir: Path) -> None:
    await pipeline.submit(figure(10, "2021", "2.13"), submission_id="a")

    # 2.08 → 2.1 by the end of 2022: 2.09 was due in 2021
    assert state_milestone(pipeline, plans_dir, DOCTORS, "2.1")
    await pipeline.evaluate(*asked(pipeline))

    stated_at = APPLIED_AT + timedelta(days=1)
    assert classes(pipeline, stated_at) == [(1, "ahead", Decimal("2.09"))]
    assert classes(pipeline, stated_at - timedelta(microseconds=1)) == [(1, "far_behind", Decimal("2.324"))]


async def test_a_corrected_statement_is_a_new_version_and_the_same_one_changes_nothing(
    pipeline: Pipeline, plans_dir: Path
) -> None:
    assert state_milestone(pipeline, plans_dir, DOCTORS, "2.1")
    assert not state_milestone(pipeline, plans_dir, DOCTORS, "2.1")

    with pytest.raises(InvalidPlan, match="更高的版本号"):
        state_milestone(pipeline, plans_dir, DOCTORS, "2.2")
    assert state_milestone(pipeline, plans_dir, DOCTORS, "2.2", version=2)

    assert pipeline.rows("SELECT version, value FROM stated_milestones ORDER BY 1") == [
        (1, Decimal("2.1")),
        (2, Decimal("2.2")),
    ]


async def test_months_and_the_annual_figure_make_one_total(pipeline: Pipeline) -> None:
    # the months add up to 1.2 provisionally, the year is 1.5 in the end; the next month adds 0.1 to that
    months = [figure(8, "2021-01-01/P2M", "0.2"), *(figure(8, f"2021-{m:02d}", "0.1") for m in range(3, 13))]
    await pipeline.evaluate(make_submission_record(*months, submission_id="a", received_at=RECEIVED_AT))
    await pipeline.evaluate(
        make_submission_record(figure(8, "2021", "1.5"), submission_id="b", received_at=RECEIVED_AT + timedelta(days=1))
    )

    last = RECEIVED_AT + timedelta(days=2)
    await pipeline.evaluate(make_submission_record(figure(8, "2022-01", "0.1"), submission_id="c", received_at=last))

    assert pipeline.rows(
        "SELECT time_period, measured FROM assessments_as_of(%s) WHERE time_period IN ('2021-12', '2021', '2022-01')"
        " ORDER BY period_end(time_period), period_start",
        last,
    ) == [("2021", Decimal("1.5")), ("2021-12", Decimal("1.2")), ("2022-01", Decimal("1.6"))]
    assert pipeline.rows(
        "SELECT state -> 'closings', newest_at FROM series_state WHERE subject_key = %s", TRAINING
    ) == [({"2021": "1.5"}, last)]


async def test_two_periods_that_begin_on_one_day_stand_side_by_side(pipeline: Pipeline) -> None:
    await pipeline.evaluate(
        make_submission_record(
            figure(5, "2021-01", "99.6"),
            figure(5, "2021-01-01/P2M", "99.7"),
            submission_id="a",
            received_at=RECEIVED_AT,
        )
    )

    assert pipeline.rows("SELECT time_period, obs_value FROM observations_as_of(now()) ORDER BY 2") == [
        ("2021-01", Decimal("99.6")),
        ("2021-01-01/P2M", Decimal("99.7")),
    ]
    assert pipeline.rows("SELECT period_end('2021-01-01/P2M')::text") == [("2021-02-28",)]


@pytest.mark.parametrize("trajectory", Trajectory)
@pytest.mark.parametrize("time", [2020.0, 2021.5, 2023.0, 2025.0])
def test_dashboards_draw_the_form_that_verdicts_are_judged_by(
    shared_database_url: str, trajectory: Trajectory, time: float
) -> None:
    left, right = PathPoint(2020.0, Decimal(50)), PathPoint(2025.0, Decimal(80))

    with connect_as(shared_database_url, "planwatch_reader") as connection:
        row = connection.execute(
            "SELECT trajectory_share(%s, %s, %s, %s)", (trajectory, left.value, right.value, Decimal(time - 2020) / 5)
        ).fetchone()

    assert row is not None
    assert row[0] == pytest.approx(share_done(trajectory, left, right, time), abs=Decimal("1e-11"))


async def test_the_path_on_dashboards_goes_by_way_of_the_milestones_stated_by_then(
    pipeline: Pipeline, plans_dir: Path
) -> None:
    state_milestone(pipeline, plans_dir, DOCTORS, "2.1")

    def path(as_of: datetime) -> dict[int, Decimal]:
        query = "SELECT day, expected_value FROM indicator_paths_as_of(%s) WHERE indicator_id = %s"
        return {day.year: round(value, 3) for day, value in pipeline.rows(query, as_of, DOCTORS)}

    stated_at = APPLIED_AT + timedelta(days=1)
    assert path(stated_at)[2021] == Decimal("2.090")
    assert path(stated_at)[2022] == Decimal("2.100")
    assert path(stated_at - timedelta(days=1))[2022] == Decimal("2.568")  # 2.08 + 1.22 * 2/5
