"""The quality bars, on questions that training never sees, through the whole trained pipeline."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from bot.languages import LANGUAGES
from bot.nlu.evaluation import Figures, Judgement, ask_model, figures, load_phrases, load_questions
from bot.nlu.text import fold
from bot.settings import PROJECT_ROOT, get_settings
from bot.training import current_model, train

FOLDER = PROJECT_ROOT / "tests" / "understanding"
KNOWN_FAILURES = {
    (each["language"], each["text"])
    for each in yaml.safe_load((FOLDER / "known_failures.yml").read_text(encoding="utf-8"))["known"]
}


@pytest.fixture(scope="session")
def judged() -> list[Judgement]:
    model = current_model()
    if not model.exists():
        train()
    # in a thread, as other tests may have left a loop running in this one
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask_model(model, load_questions(FOLDER))).result()


def of_language(judged: list[Judgement], language: str) -> Figures:
    return figures(each for each in judged if each.example.language == language)


def failed(judgement: Judgement) -> bool:
    """A right topic that is not even suggested, or an answer that is wrong."""
    if judgement.example.on_topic:
        suggested = judgement.example.label in judgement.topics[:3]
        return not suggested or (judgement.answered and not judgement.right)
    return judgement.answered


@pytest.mark.parametrize("language", LANGUAGES)
def test_understands_questions_it_has_never_seen(judged: list[Judgement], language: str) -> None:
    found = of_language(judged, language)
    assert found.first >= 0.90, found
    assert found.within_three >= 0.97, found
    assert found.right_of_answered >= 0.95, found


@pytest.mark.parametrize("language", LANGUAGES)
def test_does_not_answer_what_is_off_topic(judged: list[Judgement], language: str) -> None:
    found = of_language(judged, language)
    assert found.off_topic_answered <= 0.03, found


def test_understands_japanese_about_as_well_as_german(judged: list[Judgement]) -> None:
    assert of_language(judged, "ja").first >= of_language(judged, "de").first - 0.03


@pytest.mark.parametrize("language", LANGUAGES)
def test_known_failures_only_shrink(judged: list[Judgement], language: str) -> None:
    mine = [each for each in judged if each.example.language == language]
    mended = [
        each.example.text for each in mine if not failed(each) and (language, each.example.text) in KNOWN_FAILURES
    ]
    assert not mended, "Mended; take them off tests/understanding/known_failures.yml: " + "; ".join(mended)


def test_no_question_is_a_training_phrase() -> None:
    phrases = {fold(each.text) for each in load_phrases(get_settings().data_dir / "nlu")}
    # a keyword is the same whoever types it; what strays need not be
    leaked = [
        each.text
        for each in load_questions(FOLDER)
        if fold(each.text) in phrases and (len(each.text) > 12 or not each.on_topic)
    ]
    assert not leaked, "Take these out of data/nlu or write other questions: " + "; ".join(leaked)
