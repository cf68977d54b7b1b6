"""Questions for editors: no word of one person alone, near ones together, and blocks that training reads."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from bot.nlu.cli import app
from bot.nlu.encoder import load_encoder
from bot.nlu.review import as_phrases, grouped, known_words, likely_topic, without_rare_words
from bot.settings import get_settings
from cases.migrate import upgrade
from cases.personal import MASK
from cases.records import Contact, TranscriptLine
from cases.states import Author, TurnOutcome
from cases.store import CaseStore
from cases.unanswered import UnansweredQuestion

KNOWN = known_words(
    [
        ("Wie lange braucht meine Frau für das Visum in Neuss?", "de"),
        ("Kann ich mit dem Hund zum Arzt?", "de"),
        ("妻のビザはどのくらいかかりますか。", "ja"),
    ]
)


def question(
    text: str, case: int, language: str = "de", offered: str | None = None, chosen: str | None = None
) -> UnansweredQuestion:
    outcome = TurnOutcome.SUGGESTED if offered else TurnOutcome.NOT_UNDERSTOOD
    return UnansweredQuestion(case, text, language, outcome, offered, chosen)


def shown(*questions: UnansweredQuestion) -> list[str]:
    return [each.text for each in without_rare_words(questions, KNOWN)]


def test_a_name_that_one_person_wrote_is_left_out() -> None:
    assert shown(question("Wie lange braucht meine Frau Yumi Beispiel für das Visum?", 1)) == [
        f"Wie lange braucht meine Frau {MASK} für das Visum?"
    ]
    assert shown(question("ユミコのビザはどのくらいかかりますか。", 1, "ja")) == [
        f"{MASK}のビザはどのくらいかかりますか。"
    ]


def test_a_new_word_that_several_wrote_is_shown() -> None:
    texts = ["Wie lange braucht meine Blaukarte?", "Kann ich mit der Blaukarte zum Arzt?"]
    assert shown(question(texts[0], 1), question(texts[1].replace("der", "dem"), 2)) == [
        texts[0],
        "Kann ich mit dem Blaukarte zum Arzt?",
    ]
    # twice in one case is still one person
    assert MASK in shown(question(texts[0], 1), question(texts[0], 1))[0]


def test_postcodes_dates_and_numbers_are_left_out_amounts_and_years_are_not() -> None:
    known = KNOWN | {"25.000", "2026"}
    asked = question("Wie lange braucht das Visum 41460 in Neuss für 25.000 in 2026 am 03.04.1981?", 1)
    (left,) = without_rare_words([asked], known)
    assert "41460" not in left.text
    assert "1981" not in left.text
    assert "25.000" in left.text
    assert "2026" in left.text


@pytest.mark.parametrize(
    "text",
    ["Yumi Beispiel Kyoko Muster", "Wie lange braucht das Visum? " * 10, "41460"],
    ids=["names only", "a long story", "a number"],
)
def test_what_cannot_be_cleaned_is_dropped(text: str) -> None:
    assert shown(question(text, 1)) == []


def test_groups_what_is_near_across_languages_and_asked_in_several_cases() -> None:
    asked = [
        question("Kann ich meinen Hund nach Deutschland mitnehmen?", 1),
        question("Darf ich meinen Hund mit nach Deutschland nehmen?", 2),
        question("Can I take my dog with me to Germany?", 3, "en"),
        question("Wie hoch ist die Umsatzsteuer?", 4),
        question("Wie hoch ist die Umsatzsteuer?", 4),
    ]
    groups = grouped(asked, load_encoder("use-multilingual").encode)
    # the last two come from a single case
    assert [[each.case_id for each in group.questions] for group in groups] == [[1, 2, 3]]
    assert grouped(asked[:1], load_encoder("use-multilingual").encode) == []


def test_the_topic_is_what_users_chose_then_what_was_suggested_then_what_the_model_says() -> None:
    (chosen,) = grouped([question("Hund?", 1, chosen="living/pets"), question("Hund?", 2, offered="tax/dog")], same)
    (offered,) = grouped([question("Hund?", 1, offered="tax/dog"), question("Hund?", 2)], same)
    (neither,) = grouped([question("Hund?", 1), question("Hund?", 2)], same)
    ranked = {"Hund?": "living/home"}
    assert [likely_topic(group, ranked) for group in (chosen, offered, neither)] == [
        "living/pets",
        "tax/dog",
        "living/home",
    ]


def same(texts: list[str]) -> "object":
    return load_encoder("use-multilingual").encode(["x"] * len(texts))


def test_blocks_can_be_pasted() -> None:
    (group,) = grouped(
        [
            question("Hund: was gilt?", 1),
            question("Hund - ja", 2),
            question(f"Hund {MASK}?", 3),
            question("schon da", 4),
            question("犬は？", 5, "ja"),
        ],
        same,  # type: ignore[arg-type]
    )
    text = as_phrases(group, "living/pets", frozenset({"schon da"}))
    blocks = yaml.safe_load("nlu:\n" + text)["nlu"]
    assert blocks == [
        {"intent": "living/pets", "examples": "- Hund: was gilt?\n- Hund - ja\n"},
        {"intent": "living/pets", "examples": "- 犬は？"},
    ]
    assert "data/nlu/de/living.yml" in text
    assert "data/nlu/ja/living.yml" in text
    assert f"# in de, with words left out: Hund {MASK}?" in text


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseStore]:
    monkeypatch.setenv("NRWBOT_VAR_DIR", str(tmp_path))
    get_settings.cache_clear()
    upgrade(get_settings().case_log_url)
    store = CaseStore(get_settings().case_log_url)
    yield store
    store.dispose()
    get_settings.cache_clear()


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *arguments: CliRunner(mix_stderr=False).invoke(app, ["review", *arguments])


def test_the_command_prints_what_several_users_asked(log: CaseStore, run: Callable[..., Result]) -> None:
    for number, text in enumerate(
        ["Kann ich meinen Hund mitnehmen? Grüße, Yumi Beispielova", "Darf ich meinen Hund mitnehmen?"]
    ):
        at = datetime.now(timezone.utc) - timedelta(seconds=1)
        log.record_turn(str(number), topic="living/pets", outcome="suggested", language="de")
        log.submit(
            str(number),
            Contact("Hoshizora K.K.", "Yumi Beispielova"),
            "Hund",
            language="de",
            consent_at=log.clock(),
            transcript=[TranscriptLine(at, Author.USER, text, "de")],
        )
    result = run()
    assert result.exit_code == 0, result.stderr
    assert "2 questions in 2 cases: 2 suggested" in result.stdout
    assert "- Darf ich meinen Hund mitnehmen?" in result.stdout
    assert "Beispielova" not in result.stdout
    assert "Yumi" not in result.stdout


def test_the_command_says_that_there_is_nothing(log: CaseStore, run: Callable[..., Result]) -> None:
    assert run().stdout.startswith("# 0 questions were not answered at once")
    assert run("--least", "1").exit_code == 2
