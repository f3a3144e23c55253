"""A plan's policy: what its file changes of a base, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from planwatch.errors import InvalidPolicy
from planwatch.plan import Nature
from planwatch.policy import AssessmentClass, Level, ThresholdMeasure, policy_from_mapping
from planwatch.policy_override import resolved
from services.catalogue_files import read_yaml
from services.cli.main import commands
from services.policy_files import faults_of_all, preset_names, read_plan_policy, read_preset, read_preset_file
from tests.builders import PLANS, real_plan

BASE: dict[str, Any] = read_yaml(PLANS / "policy.yaml")
LEVELS = st.sampled_from(["red", "orange", "yellow", "blue"])
NATURES = st.dictionaries(st.sampled_from(["binding", "anticipatory"]), LEVELS)
OVERRIDES = st.fixed_dictionaries(
    {"version": st.just("own-1"), "base": st.just("default")},
    optional={
        "levels": st.dictionaries(st.sampled_from(["lagging", "far_behind", "held"]), NATURES),
        "repeat_raises": st.booleans(),
        "recurrence_days": st.integers(0, 999),
        "mail": st.fixed_dictionaries({}, optional={"immediate_from": LEVELS, "quiet_hours": st.none()}),
        "escalation": st.one_of(st.none(), st.fixed_dictionaries({"from": LEVELS})),
    },
)


def write(plans_dir: Path, content: str) -> None:
    (plans_dir / "zhongwei" / "policy.yaml").write_text(content, "utf-8")


@pytest.fixture
def files(plans_dir: Path) -> Path:
    """The catalogue's files with the presets."""
    for path in PLANS.glob("presets/*.yaml"):
        (plans_dir / "presets").mkdir(exist_ok=True)
        (plans_dir / "presets" / path.name).write_bytes(path.read_bytes())
    return plans_dir


@given(OVERRIDES)
def test_what_a_file_names_is_changed_and_everything_else_is_the_base(override: dict[str, Any]) -> None:
    document = resolved(BASE, [override])

    sections = {name for name in override if name not in ("version", "base")}
    assert {name: document[name] for name in BASE if name not in {*sections, "version"}} == {
        name: BASE[name] for name in BASE if name not in {*sections, "version"}
    }
    assert document.keys() == BASE.keys()
    assert policy_from_mapping(document).version == "own-1 (default-3)"
    for name in sections & {"levels", "mail"}:  # entry by entry
        assert document[name] == {**BASE[name], **override[name]}


@given(OVERRIDES, OVERRIDES)
def test_the_nearer_file_wins_and_resolving_changes_neither_file(lower: dict[str, Any], upper: dict[str, Any]) -> None:
    before = repr((BASE, lower, upper))

    document = resolved(BASE, [lower, upper])

    assert document["repeat_raises"] == upper.get("repeat_raises", lower.get("repeat_raises", BASE["repeat_raises"]))
    assert document["version"] == "own-1 (own-1, default-3)"
    assert repr((BASE, lower, upper)) == before


def test_a_file_that_changes_nothing_is_the_base_under_another_name() -> None:
    document = resolved(BASE, [{"version": "own-1", "base": "default"}])

    assert {**document, "version": BASE["version"]} == BASE


def test_an_empty_entry_raises_nothing() -> None:
    policy = policy_from_mapping(resolved(BASE, [{"version": "a", "levels": {"lagging": {}}}]))

    assert policy.level_of(AssessmentClass.LAGGING, Nature.BINDING) is None
    assert policy.level_of(AssessmentClass.FAR_BEHIND, Nature.BINDING) is Level.ORANGE


@pytest.mark.parametrize("name", preset_names(PLANS))
def test_every_preset_is_sound_names_its_source_and_what_it_cannot_say(name: str) -> None:
    own = read_preset_file(PLANS, name)

    assert read_preset(PLANS, name).policy.version == f"{name}-1 (default-3)"
    assert own["sources"][0]["words"]
    assert own["not_expressed"]


def test_the_rule_of_yinchuan_counts_points_and_has_two_colours_below_green() -> None:
    policy = read_preset(PLANS, "yinchuan").policy

    assert policy.thresholds.measure is ThresholdMeasure.POINTS_BEHIND
    assert {policy.level_of(AssessmentClass.LAGGING, nature) for nature in Nature} == {Level.YELLOW}
    assert {policy.level_of(AssessmentClass.FAR_BEHIND, nature) for nature in Nature} == {Level.RED}


def test_a_plan_may_rest_on_a_preset(files: Path) -> None:
    write(files, "version: zhongwei-1\nbase: yinchuan\nrepeat_raises: true\n")

    file = read_plan_policy(files, real_plan("zhongwei"))

    assert file.policy.version == "zhongwei-1 (yinchuan-1, default-3)"
    assert file.policy.repeat_raises
    assert file.policy.thresholds == read_preset(files, "yinchuan").policy.thresholds


def test_a_plan_without_a_file_has_the_default_policy(files: Path) -> None:
    assert read_plan_policy(files, real_plan("zhongwei")).policy.version == "default-3"


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        ("base: default\n", "$", "“version” is missing"),
        ("version: a:b\nbase: default\n", "version", "is not of the form"),
        ("version: a-1\nbase: nowhere\n", "base", "there is no base “nowhere”"),
        ("version: a-1\nbase: default\nlevel: {}\n", "$", "unknown fields: level"),
        ("version: a-1\nbase: default\nmail: {immediate_from: purple}\n", "mail.immediate_from", "purple"),
        ('version: a-1\nbase: default\nthresholds: {lagging: "0.99"}\n', "thresholds", "must rise"),
        ("version: a-1\nbase: default\nthresholds: {measure: points_behind, on_schedule: '9'}\n", "thresholds", "rise"),
        (
            "version: a-1\nbase: default\ndeadlines: {red: {acknowledge_days: 9, measures_days: 2}}\n",
            "deadlines.red.acknowledge_days",
            "acknowledging is due after",
        ),
        (
            "version: a-1\nbase: default\nreporting: {plans: {wuwei: {frequency: M}}}\n",
            "reporting.plans.wuwei",
            "this is the policy of plan zhongwei",
        ),
        (
            "version: a-1\nbase: default\nreporting: {plans: {zhongwei: {indicators: {zhongwei-99: M}}}}\n",
            "reporting.plans.zhongwei.indicators.zhongwei-99",
            "no such indicator",
        ),
        ("version: a-1\nversion: a-2\nbase: default\n", "$", "repeated"),
    ],
)
def test_a_fault_is_told_with_its_file_and_place(files: Path, content: str, path: str, words: str) -> None:
    write(files, content)

    with pytest.raises(InvalidPolicy) as refusal:
        read_plan_policy(files, real_plan("zhongwei"))

    (fault,) = refusal.value.faults
    assert (fault.file, fault.path) == ("zhongwei/policy.yaml", path)
    assert words in fault.reason.en


def test_the_faults_of_all_files_are_told_at_once(files: Path) -> None:
    write(files, "version: a-1\nbase: default\nmail: {immediate_from: purple}\nescalation: {at: '9'}\n")
    (files / "presets" / "yinchuan.yaml").write_text("version: yinchuan-1\nbase: sanya\n", "utf-8")

    faults = faults_of_all(files, [real_plan("zhongwei")])

    assert sorted((fault.file, fault.path) for fault in faults) == [
        ("presets/yinchuan.yaml", "base"),
        ("zhongwei/policy.yaml", "escalation.at"),
        ("zhongwei/policy.yaml", "mail.immediate_from"),
    ]


def test_the_check_command_ends_with_status_1_where_a_file_is_faulty(files: Path) -> None:
    sound = CliRunner().invoke(commands, ["policy", "check", "--plans-dir", str(files)])
    write(files, "base: default\n")
    faulty = CliRunner().invoke(commands, ["policy", "check", "--plans-dir", str(files)])

    assert (sound.exit_code, faulty.exit_code) == (0, 1)
    assert "zhongwei/policy.yaml" in faulty.output


def test_the_shown_policy_of_a_preset_comes_with_its_published_words() -> None:
    shown = CliRunner().invoke(commands, ["policy", "show", "--preset", "sanya", "--plans-dir", str(PLANS)])

    document = yaml.safe_load(shown.output)
    assert "连续两次被亮黄牌" in document["sources"][0]["words"]
    assert document["thresholds"]["lagging"] == "0.5"
