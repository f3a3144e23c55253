"""Means of scores over groups of series, nested to any depth.

Source: Open SDG documentation, progress-methodology.md, “Aggregated progress status” and “Sub-indicator grouping”.
Eurostat forms the scores of its goals in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scored:
    """A score that enters a mean: of one series, or of a group; `achieved` if all in it achieved their targets."""

    score: float | None
    achieved: bool


def mean_of(members: Sequence[Scored]) -> Scored:
    """The mean of series and of groups, each with equal weight; those without a score do not count."""
    scored = [(member.score, member.achieved) for member in members if member.score is not None]
    if not scored:
        return Scored(None, achieved=False)
    return Scored(sum(score for score, _ in scored) / len(scored), all(achieved for _, achieved in scored))


def group_means(members: Iterable[tuple[tuple[str, ...], Scored]]) -> dict[tuple[str, ...], Scored]:
    """The mean of every group; a group is averaged first and enters the group around it as one member.

    Args:
        members: path of groups, outermost first, and score of each series; an empty path belongs to no group.
    Returns:
        Mean by path, an outer group before the groups in it.
    """
    inside: defaultdict[tuple[str, ...], list[Scored]] = defaultdict(list)
    paths: set[tuple[str, ...]] = set()
    for path, scored in members:
        inside[path].append(scored)
        paths.update(path[: depth + 1] for depth in range(len(path)))
    means: dict[tuple[str, ...], Scored] = {}
    for path in sorted(paths, key=len, reverse=True):
        means[path] = mean_of(inside[path])
        inside[path[:-1]].append(means[path])
    return dict(sorted(means.items()))
