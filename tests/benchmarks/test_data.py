"""All peers learn from the same phrases, and none of them from those that thresholds are chosen on."""

from pathlib import Path

import pytest

from benchmarks.data import data_with, draw, flat_intent, of_languages, topic_of, write_nlu
from bot.languages import LANGUAGES
from bot.nlu.calibration import OFF_TOPIC
from bot.nlu.evaluation import Example, load_phrases
from bot.settings import get_settings

DATA = get_settings().data_dir
PHRASES = [
    Example(f"{label} {language} {number}", language, label)
    for language in LANGUAGES
    for label, count in (("tax/vat", 20), ("company/sites", 30), ("greet", 10), (OFF_TOPIC, 100))
    for number in range(count)
]


@pytest.mark.parametrize("per_topic", [5, None])
def test_what_is_held_back_is_not_learned(per_topic: int | None) -> None:
    drawn = draw(PHRASES, DATA, per_topic)
    assert not set(drawn.learn) & set(drawn.held_back)
    assert {each.label for each in drawn.held_back} == {"tax/vat", "company/sites", "greet", OFF_TOPIC}
    assert drawn.trains_twice == (per_topic is None)


def test_draws_as_many_of_each_topic_and_the_same_share_of_off_topic_ones() -> None:
    drawn = of_languages([each for each in draw(PHRASES, DATA, 5).learn if each in PHRASES], ["ja"])
    counts = {label: sum(each.label == label for each in drawn) for label in ("tax/vat", "company/sites", OFF_TOPIC)}
    assert counts == {"tax/vat": 5, "company/sites": 5, OFF_TOPIC: 20}


def test_with_all_phrases_the_judged_model_learns_from_every_one() -> None:
    assert set(PHRASES) <= set(draw(PHRASES, DATA, None).final)


def test_the_draw_is_the_same_whatever_other_phrases_there_are() -> None:
    more = [*PHRASES, *(Example(f"new {number}", "de", "tax/duty") for number in range(9))]
    before, after = draw(PHRASES, DATA, 5).learn, draw(more, DATA, 5).learn
    assert [each for each in before if each.label == "tax/vat"] == [each for each in after if each.label == "tax/vat"]


def test_written_phrases_are_read_again(tmp_path: Path) -> None:
    write_nlu(PHRASES, tmp_path, flat=False)
    assert set(load_phrases(tmp_path)) == set(PHRASES)
    assert topic_of(flat_intent("company/share_capital")) == "company/share_capital"
    assert "/" not in flat_intent("company/share_capital")


def test_a_data_folder_with_other_phrases_keeps_the_rest(tmp_path: Path) -> None:
    folder = data_with(PHRASES, DATA, tmp_path / "data")
    assert set(load_phrases(folder / "nlu")) == set(PHRASES)
    assert (folder / "topics.yml").read_bytes() == (DATA / "topics.yml").read_bytes()
