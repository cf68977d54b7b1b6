"""The project's own answers, phrases and wording keep every rule of the check."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from bot.directory import get_directory
from bot.knowledge.check import check
from bot.knowledge.loader import load_knowledge, load_topics
from bot.knowledge.problems import Problem
from bot.settings import PROJECT_ROOT

DATA = PROJECT_ROOT / "data"
AREAS = list(load_topics(DATA))
# the way of somebody who founds a GmbH: each answer offers the next one as a button
FOUNDING = [
    "company/gmbh_formation",
    "company/foreign_documents",
    "company/bank_account",
    "company/commercial_register",
    "company/trade_registration",
    "tax/registration",
    "employment/hiring_steps",
    "residence/visa_overview",
    "residence/immigration_office",
]


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


def test_related_topics_lead_along_the_founding_of_a_gmbh():
    knowledge = load_knowledge(DATA)
    for topic, following in pairwise(FOUNDING):
        assert following in knowledge[topic].related, topic


@pytest.mark.parametrize(
    "topic", ["company/trade_registration", "residence/immigration_office", "tax/trade_tax", "network/partners"]
)
def test_every_region_has_its_own_part(topic):
    local = load_knowledge(DATA)[topic].local
    assert local is not None
    assert set(local.partners) == set(get_directory().partners)


@pytest.mark.parametrize("region", ["rhein_kreis_neuss", "staedteregion_aachen"])
def test_every_municipality_of_the_two_districts_has_its_multiplier(region):
    directory, local = get_directory(), load_knowledge(DATA)["tax/trade_tax"].local
    assert local is not None
    members = {ags for ags in directory.municipalities if directory.responsible_partner(ags).id == region}
    assert members == {ags for partner, ags in local.municipalities if partner == region}
