import dataclasses
from collections.abc import Callable

import pytest

from bot.directory import Directory
from bot.knowledge.roadmap import QUESTIONS, Roadmap, load_roadmap
from bot.knowledge.wording import Wording
from bot.languages import LANGUAGES
from bot.settings import PROJECT_ROOT
from cases.models import OutboxEntry
from cases.records import Receipt, TranscriptLine
from cases.states import BUTTON_CHANNEL, Author, OutboxKind
from cases.store import CaseStore
from staff.cards import Cards
from tests.staff.conftest import CONTACT, KOELN, submit

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def in_language(
    directory: Directory, wording: Wording, language: str, roadmap: Callable[[], Roadmap | None] = lambda: None
) -> Cards:
    """Cards for partners whose staff all read ``language``."""
    partners = {
        partner.id: dataclasses.replace(partner, notice=dataclasses.replace(partner.notice, language=language))
        for partner in directory.partners.values()
    }
    titles = {"company/gmbh_formation": {"de": "GmbH gründen", "ja": "GmbHの設立", "en": "Founding a GmbH"}}
    changed = dataclasses.replace(directory, partners=partners)
    return Cards(changed, wording, lambda topic, spoken: titles[topic][spoken], roadmap)


def entry(store: CaseStore, kind: str) -> OutboxEntry:
    return next(entry for case in store.query() for entry in store.case_file(case.number).outbox if entry.kind == kind)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "de",
            [
                "Kommune: Neuss",
                "Sprache der Anfrage: Japanisch",
                "- GmbH gründen: beantwortet",
                "Mittwoch, 25.11.2026, 16:00 Uhr",
            ],
        ),
        (
            "ja",
            [
                "自治体：ノイス",
                "お問い合わせの言語：日本語",
                "- GmbHの設立：回答済み",
                "2026年11月25日（水）16:00（ドイツ時間）",
            ],
        ),
        (
            "en",
            [
                "Municipality: Neuss",
                "Language of the enquiry: Japanese",
                "- Founding a GmbH: answered",
                "Wednesday, 2026-11-25, 16:00",
            ],
        ),
    ],
)
def test_the_notice_tells_all_in_the_staffs_language(
    store: CaseStore, directory: Directory, wording: Wording, language: str, expected: list[str]
) -> None:
    number = submit(store, concern="ノイスで倉庫を\n探しています。").number
    notice = in_language(directory, wording, language).notice(entry(store, "notice"))
    assert number in notice.title
    assert CONTACT.company is not None
    assert CONTACT.email is not None
    for text in [number, CONTACT.company, CONTACT.email, "ノイスで倉庫を\n探しています。", *expected]:
        assert text in notice.body
    assert "{" not in notice.title + notice.body
    assert not notice.repeated


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_to_staff_has_words(store: CaseStore, directory: Directory, wording: Wording, language: str) -> None:
    number = submit(store).number
    cards = in_language(directory, wording, language)
    template = entry(store, "notice")
    kinds = {OutboxKind.MESSAGE, OutboxKind.WITHDRAWN, OutboxKind.ERASED, OutboxKind.TRANSFERRED}
    for kind in kinds:
        payload = {"number": number, "language": "ja", "text": "本文", "new_partner": "koeln"}
        written = cards.notice(OutboxEntry(key=template.key, partner="essen", kind=kind.value, payload=payload))
        assert number in written.title
        assert written.body
        assert "{" not in written.title + written.body


def test_what_was_not_given_is_said(store: CaseStore, cards: Cards) -> None:
    submit(store)
    body = cards.notice(entry(store, "notice")).body
    assert "Telefon: keine Angabe" in body
    assert "Antworten auch per E-Mail: nein, nicht vereinbart" in body


def test_after_a_handover_the_new_partner_sees_what_was_said(store: CaseStore, cards: Cards) -> None:
    said = TranscriptLine(store.clock(), Author.BOT, "BOT'S OWN WORDS", "ja")
    case = store.submit("talk", CONTACT, "倉庫", language="ja", consent_at=store.clock(), transcript=[said])
    store.add_user_message("talk", "まだですか")
    store.add_staff_message(case.number, "少々お待ちください", by="staff:a")
    store.add_note(case.number, "Rückruf zugesagt", by="staff:a")
    store.add_staff_message(case.number, "Falsch", by="staff:a", channel="matrix", external_id="$1")
    store.retract("matrix", "$1", receipt=Receipt("matrix", "$2", case.owner))
    store.transfer(case.number, "koeln", by="staff:a")
    notice = cards.notice(store.case_file(case.number).outbox[-2])
    assert notice.partner.id == "koeln"
    assert (
        "Unternehmen: まだですか\nBeratung (Nordrhein-Westfalen (landesweit)): 少々お待ちください\n"
        "Notiz (Nordrhein-Westfalen (landesweit)): Rückruf zugesagt\n"
        "Beratung (Nordrhein-Westfalen (landesweit)): (zurückgenommen)" in notice.body
    )
    assert "BOT'S OWN WORDS" not in notice.body
    assert notice.body.count("倉庫") == 1


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "de",
            ["- Form: GmbH oder UG", "- Ort: Krefeld", "1. ", "Bisherige Fragen", "Checkliste, die das Unternehmen"],
        ),
        ("ja", ["- 進出形態：GmbHまたはUG（現地法人）", "- 場所：クレーフェルト", "1. "]),
        ("en", ["- Form: GmbH or UG (subsidiary)", "- Place: Krefeld", "1. "]),
    ],
)
@pytest.mark.parametrize("when", ["before", "while waiting"])
def test_the_checklist_goes_along_in_the_staffs_language(
    store: CaseStore, directory: Directory, wording: Wording, language: str, expected: list[str], when: str
) -> None:
    roadmap = load_roadmap(PROJECT_ROOT / "data")
    choices = {"presence": "gmbh", "place": "05114000"}
    steps = roadmap.checklist(choices)
    checklist = {
        "answers": dict.fromkeys(QUESTIONS, "利用者の言語"),
        "choices": {**dict.fromkeys(QUESTIONS, "unknown"), **choices},
        "steps": [*(step.key for step in steps), "gone"],
        "items": [*({"title": "利用者の言語"} for _ in steps), {"title": "もうない手順"}],
    }
    store.record_turn("talk", topic=None, outcome="answered", language="ja")
    if when == "while waiting":
        submit(store)
    store.set_checklist("talk", checklist)
    if when == "before":
        submit(store)
    kind = "notice" if when == "before" else "checklist"
    body = in_language(directory, wording, language, lambda: roadmap).notice(entry(store, kind), threaded="matrix").body
    for text in expected if when == "before" else expected[:3]:
        assert text in body
    assert [step.title[language] in body for step in steps] == [True] * len(steps)
    # what there is no more is shown as the user saw it
    assert f"{len(steps) + 1}. もうない手順" in body
    assert "利用者の言語" not in body
    assert "{" not in body


def test_a_topic_chosen_by_button_is_not_told_as_writing(
    store: CaseStore, directory: Directory, wording: Wording
) -> None:
    number, topic = submit(store).number, "company/gmbh_formation"
    cards = in_language(directory, wording, "de")

    def press(**extra: object) -> str:
        store.add_user_message("talk", "GmbHの設立", channel=BUTTON_CHANNEL, extra={"pressed": topic, **extra})
        return cards.notice(store.case_file(number).outbox[-1], threaded="matrix").body

    while_waiting = press(meanwhile={"outcome": "answered", "topics": [topic]})
    assert "ein Thema angetippt: GmbH gründen" in while_waiting
    assert "Der Assistent hat dazu geantwortet: GmbH gründen" in while_waiting
    assert "schreibt" not in while_waiting
    store.pick_up(number, by="staff:a")
    # the assistant is silent: staff are told how to answer
    assert f"!topic {topic}" in press()
    store.transfer(number, "koeln", by="staff:a")
    notice = cards.notice(store.case_file(number).outbox[-2], threaded="matrix")
    assert notice.body.count("Unternehmen (Thema angetippt): GmbHの設立") == 2


def test_braces_and_markup_of_users_stay_as_they_are(store: CaseStore, cards: Cards) -> None:
    submit(store, concern="{number} <b>&amp;</b> %s {0}")
    assert "{number} <b>&amp;</b> %s {0}" in cards.notice(entry(store, "notice")).body


def test_an_attempt_without_known_end_makes_a_repetition(store: CaseStore, cards: Cards) -> None:
    number = submit(store, municipality=KOELN).number
    (claimed,) = store.claim_due("w", 1)
    store.start_attempt(claimed)
    notice = cards.notice(entry(store, "notice"))
    assert notice.repeated
    assert number in cards.repetition(notice)
