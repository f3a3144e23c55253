"""`planwatch concept` as people see it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.catalogue_files import plan_ids
from services.cli.concepts import concept
from tests.builders import PLANS

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def plans_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part of the catalogue that concepts are about."""
    folder = tmp_path_factory.mktemp("plans")
    kept = ["concepts.yaml", *(path.name for path in PLANS.glob("*.schema.json"))]
    kept += [f"{plan_id}/{file}" for plan_id in plan_ids(PLANS) for file in ("plan.yaml", "text_targets.yaml")]
    found = [name for name in kept if (PLANS / name).exists()]
    for name in found:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(PLANS / name, folder / name)
    return folder


@pytest.fixture
def run(plans_dir: Path) -> Command:
    """Runs `planwatch concept` with these arguments."""
    return lambda *arguments: CliRunner().invoke(concept, [*arguments, "--plans-dir", str(plans_dir)])


def test_a_comparison_prints_every_plan_in_one_unit_with_numbered_notes(run: Command) -> None:
    shown = run("compare", "public_culture_visits_per_10000").output

    assert "≥34000" in shown  # national 3.4万次
    assert "≥12000" in shown  # Zhongwei 1.2万次
    assert "≥15810" in shown  # Kongtong


def test_a_neighbour_is_printed_apart_and_the_difference_said(run: Command) -> None:
    shown = run("compare", "每千人口拥有3岁以下婴幼儿托位数").output

    assert "相关而不可比：每千人口1.5岁以下婴幼儿托位数" in shown
    assert "后者只计1.5岁以下" in shown


def test_json_holds_figures_lines_and_reasons_in_both_languages(run: Command) -> None:
    document = json.loads(run("compare", "childcare_places_under_3_per_1000", "--json").output)

    national = next(row for row in document["rows"] if row["plan"] == "national")
    [zhongwei] = document["related"]
    assert (national["baseline"], national["comparator"], national["target"]) == (1.8, "ge", 4.5)
    assert (national["source"], national["source_line"], national["nature"]) == ("national-01", 89, "anticipatory")
    assert (zhongwei["concept"], zhongwei["comparability"]) == ("childcare_places_under_1_5_per_1000", "other_concept")
    assert set(zhongwei["reasons"][0]) == {"zh", "en"}


@pytest.mark.parametrize("wrong", ["护理型床位", "nursing_bed_share", "养老机构护理床位占比"])
def test_an_unknown_concept_is_refused_with_what_may_have_been_meant(run: Command, wrong: str) -> None:
    result = run("compare", wrong)

    assert result.exit_code == 2
    assert "nursing_beds_share_in_institutions（养老机构护理型床位占比）" in result.output


def test_the_list_names_the_plans_that_use_each_concept(run: Command) -> None:
    listed = {row["concept"]: row for row in json.loads(run("list", "--json").output)}

    assert listed["medical_institution_beds_per_1000"]["plans"] == ["kongtong", "shizuishan", "wuwei"]
    assert listed["old_community_renovation_communities"]["unit_mult"] == 4


def test_the_structures_are_written_where_asked(run: Command, tmp_path: Path) -> None:
    result = run("sdmx", "--out", str(tmp_path / "made"))

    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "planwatch_structures.json",
        "planwatch_structures_2.1.xml",
        "planwatch_structures_3.0.xml",
    ]
