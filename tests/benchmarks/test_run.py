"""Steps run in processes of their own, and what is done already is not done again."""

from pathlib import Path

import pytest

from benchmarks.run import Run, Step
from bot.nlu.evaluation import Example

QUESTIONS = [
    Example("Umsatzsteuer-Voranmeldungen", "de", "tax/vat"),
    Example("How do I register for VAT?", "en", "tax/vat"),
    Example("消費税", "ja", "tax/vat"),
]


def search(questions: list[Example]) -> list[Step]:
    return [
        Step("search.train", "search", "train", [], "search/final", 0),
        Step("search.questions", "search", "ask", questions, "search/final", 0),
    ]


def test_a_step_is_carried_out_once_and_again_when_it_is_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = Run(tmp_path, search(QUESTIONS[:2])).carry_out()
    assert [len(each) > 0 for each in results["search.questions"]["rankings"]] == [True, True]
    assert results["search.questions"]["rankings"][0][0][0].startswith("tax/")
    assert results["search.train"]["memory"] > 10**7
    assert "search.train" in capsys.readouterr().err
    assert Run(tmp_path, search(QUESTIONS[:2])).carry_out() == results
    assert capsys.readouterr().err == ""
    assert len(Run(tmp_path, search(QUESTIONS)).carry_out()["search.questions"]["rankings"]) == 3
    told = capsys.readouterr().err
    assert "search.questions" in told
    assert "search.train" not in told


def test_a_step_that_fails_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"broken.*log says why"):
        Run(tmp_path, [Step("broken", "search", "ask", QUESTIONS, "search/never-trained", 0)]).carry_out()
    assert "FileNotFoundError" in (tmp_path / "work" / "broken.log").read_text(encoding="utf-8")
    assert not (tmp_path / "steps" / "broken.json").exists()
