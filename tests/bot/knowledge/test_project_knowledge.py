"""The project's own answers, phrases and wording keep every rule of the check."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.knowledge.check import check
from bot.knowledge.loader import load_knowledge, load_topics
from bot.knowledge.problems import Problem
from bot.settings import PROJECT_ROOT

DATA = PROJECT_ROOT / "data"
AREAS = list(load_topics(DATA))


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    # a review that falls due must not make an unchanged project fail: `nrwbot knowledge check` tells of it in time
    reviewed = max(answer.reviewed_on for answer in load_knowledge(DATA).values())
    return [problem for problem in check(DATA, max(reviewed, date(2026, 11, 23))) if not problem.warning]


def of_area(problems: list[Problem], area: str) -> Iterator[Problem]:
    return (problem for problem in problems if Path(problem.file).stem == area)


@pytest.mark.parametrize("area", AREAS)
def test_area_keeps_every_rule(problems, area):
    if found := list(of_area(problems, area)):
        pytest.fail("\n".join(map(str, found)), pytrace=False)


def test_everything_else_keeps_every_rule(problems):
    if found := [problem for problem in problems if Path(problem.file).stem not in AREAS]:
        pytest.fail("\n".join(map(str, found)), pytrace=False)
