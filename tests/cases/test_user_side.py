import threading
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError

from cases.models import Case
from cases.records import TranscriptLine
from cases.states import Author, CaseNotFound, CaseState, IllegalTransition
from cases.store import CaseStore
from tests.cases.conftest import BIELEFELD, CONTACT, KOELN, NEUSS, Clock, kinds, submit


def ask(
    store: CaseStore, topic: str | None = "company/gmbh_formation", conversation: str = "talk", **values: object
) -> str:
    arguments: dict[str, object] = {"outcome": "answered", "language": "ja", **values}
    return store.record_turn(conversation, topic=topic, **arguments)  # type: ignore[arg-type]


def test_first_question_opens_a_case_and_the_next_belong_to_it(store: CaseStore) -> None:
    number = ask(store, site="www.example.de", page_language="en", page_url="https://www.example.de/en")
    assert ask(store, "tax/vat", outcome="suggested", language="en", site="other.example.de") == number
    file = store.case_file(number)
    assert (file.case.state, file.case.owner, file.case.language) == ("bot", "nrw_global_business", "en")
    assert (file.case.site, file.case.page_language) == ("www.example.de", "en")
    assert [(turn.topic, turn.outcome, turn.language) for turn in file.turns] == [
        ("company/gmbh_formation", "answered", "ja"),
        ("tax/vat", "suggested", "en"),
    ]
    assert file.messages == []
    assert file.outbox == []
    assert [(event.kind, event.new) for event in file.events] == [("opened", "bot")]


def test_unknown_outcome_is_refused_and_stores_nothing(store: CaseStore) -> None:
    with pytest.raises(ValueError, match="guessed"):
        ask(store, outcome="guessed")
    assert store.query() == []


def test_times_come_back_aware_and_in_utc(store: CaseStore, clock: Clock) -> None:
    clock.now = datetime(2026, 7, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    case = store.case(ask(store))
    assert case.created_at == clock.now
    assert case.created_at.tzinfo is timezone.utc


def test_times_without_zone_are_refused(store: CaseStore) -> None:
    with pytest.raises(Exception, match="no time zone"):
        submit(store, consent_at=datetime(2026, 1, 1))  # noqa: DTZ001
    assert store.query() == []


def test_owner_follows_the_municipality(store: CaseStore) -> None:
    number = ask(store, municipality=NEUSS)
    assert store.case(number).owner == "rhein_kreis_neuss"
    assert store.set_place("talk", BIELEFELD) == "nrw_global_business"
    assert store.set_place("talk", KOELN) == "koeln"
    assert store.case(number).municipality == KOELN
    owners = [(event.old, event.new) for event in store.case_file(number).events if event.kind == "owner"]
    assert owners[-1] == ("nrw_global_business", "koeln")


def test_place_without_case_or_outside_nrw(store: CaseStore) -> None:
    assert store.set_place("talk", NEUSS) is None
    ask(store)
    with pytest.raises(KeyError, match="09162000"):
        store.set_place("talk", "09162000")


def test_feedback_goes_to_the_latest_answer_on_the_topic(store: CaseStore) -> None:
    number = ask(store, "tax/vat")
    ask(store, "tax/vat")
    ask(store, "tax/other")
    assert store.record_feedback("talk", "tax/vat", False, "too long")
    assert not store.record_feedback("talk", "tax/none", True)
    assert not store.record_feedback("other talk", "tax/vat", True)
    turns = store.case_file(number).turns
    assert [turn.feedback for turn in turns] == [None, "not_helpful", None]
    assert turns[1].feedback_reason == "too long"


def test_offer_and_decline(store: CaseStore, clock: Clock) -> None:
    case = store.offer("talk", language="de", municipality=KOELN)
    assert (case.state, case.owner, case.offered_at) == ("offered", "koeln", clock.now)
    clock.forward(minutes=1)
    assert store.offer("talk", language="de").offered_at < clock.now
    declined = store.decline("talk")
    assert declined is not None
    assert declined.state == "bot"
    assert store.decline("nobody") is None


def test_submit_stores_everything_together(store: CaseStore, clock: Clock) -> None:
    number = ask(store)
    said = TranscriptLine(clock.now - timedelta(minutes=2), Author.USER, "こんにちは", "ja", "chat", "m1")
    case = submit(store, transcript=[said, said])
    assert case.number == number
    assert (case.state, case.owner, case.company, case.email) == (
        "waiting",
        "rhein_kreis_neuss",
        CONTACT.company,
        CONTACT.email,
    )
    assert case.email_replies
    assert case.consent_at == case.submitted_at == clock.now
    file = store.case_file(number)
    assert [(message.seq, message.author, message.text) for message in file.messages] == [
        (1, "user", "こんにちは"),
        (2, "user", "倉庫を探しています。"),
    ]
    (notice,) = file.outbox
    assert (notice.direction, notice.kind, notice.partner) == ("to_staff", "notice", "rhein_kreis_neuss")
    assert notice.payload["company"] == CONTACT.company
    assert notice.payload["turns"] == [{"topic": "company/gmbh_formation", "outcome": "answered"}]
    assert [line["text"] for line in notice.payload["transcript"]] == ["こんにちは", "倉庫を探しています。"]


def test_submitting_twice_makes_one_notice(store: CaseStore) -> None:
    first, second = submit(store), submit(store, municipality=KOELN)
    assert second.id == first.id
    assert kinds(store, first.number, "to_staff") == [("notice", "rhein_kreis_neuss")]
    assert len(store.case_file(first.number).messages) == 1
    store.pick_up(first.number, by="staff:a")
    assert submit(store).state == "with_person"


def test_submitting_at_the_same_time_makes_one_case_and_one_notice(url: str) -> None:
    stores = [CaseStore(url) for _ in range(6)]
    barrier = threading.Barrier(len(stores))
    numbers: list[object] = []

    def run(store: CaseStore) -> None:
        barrier.wait()
        try:
            numbers.append(submit(store).number)
        except Exception as error:
            numbers.append(error)

    threads = [threading.Thread(target=run, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 1
    assert kinds(stores[0], str(numbers[0]), "to_staff") == [("notice", "rhein_kreis_neuss")]
    for store in stores:
        store.dispose()


def test_a_failure_within_submit_leaves_nothing(store: CaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    number = ask(store)
    monkeypatch.setattr(store, "_enqueue_notice", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        submit(store)
    file = store.case_file(number)
    assert (file.case.state, file.case.email, file.messages, file.outbox) == ("bot", None, [], [])


def test_new_case_after_closing(store: CaseStore) -> None:
    first = submit(store)
    store.close(first.number, "answered", by="staff:a")
    assert store.open_case("talk") is None
    second = ask(store)
    assert second != first.number
    latest = store.latest_case("talk")
    assert latest is not None
    assert latest.number == second


def test_the_database_itself_refuses_a_second_open_case(store: CaseStore) -> None:
    case = store.case(ask(store))
    kept = ("conversation_id", "state", "owner", "language", "created_at", "updated_at", "email_replies")

    def open_another() -> None:
        with store.write() as session:
            session.add(Case(number="NRW-2222-2222-22", **{name: getattr(case, name) for name in kept}))

    with pytest.raises(IntegrityError):
        open_another()


def test_user_messages_go_to_the_owner_once(store: CaseStore) -> None:
    number = submit(store).number
    first = store.add_user_message("talk", "まだですか", language="ja", channel="chat", external_id="m7")
    again = store.add_user_message("talk", "まだですか", language="ja", channel="chat", external_id="m7")
    assert (again.id, again.seq) == (first.id, 2)
    store.add_user_message("talk", "ありがとう")
    assert kinds(store, number, "to_staff") == [
        ("notice", "rhein_kreis_neuss"),
        ("message", "rhein_kreis_neuss"),
        ("message", "rhein_kreis_neuss"),
    ]
    assert [message.text for message in store.messages("talk", after_seq=1)] == ["まだですか", "ありがとう"]


def test_messages_need_consent(store: CaseStore) -> None:
    with pytest.raises(CaseNotFound):
        store.add_user_message("talk", "hello")
    ask(store)
    with pytest.raises(IllegalTransition, match="'bot'"):
        store.add_user_message("talk", "hello")


def test_place_named_while_waiting_hands_the_case_over(store: CaseStore) -> None:
    number = submit(store).number
    store.set_place("talk", KOELN)
    # nobody in Neuss has been told yet: their notice is taken back
    assert kinds(store, number, "to_staff") == [("notice", "koeln")]
    (entry,) = store.claim_due("w", 5)
    store.start_attempt(entry)
    store.mark_delivered(entry)
    store.set_place("talk", NEUSS)
    assert kinds(store, number, "to_staff") == [
        ("notice", "koeln"),
        ("notice", "rhein_kreis_neuss"),
        ("transferred", "koeln"),
    ]


def test_place_named_to_a_person_keeps_the_owner(store: CaseStore) -> None:
    number = submit(store).number
    store.pick_up(number, by="staff:a")
    assert store.set_place("talk", KOELN) == "rhein_kreis_neuss"
    assert store.case(number).municipality == KOELN


def test_withdraw_tells_staff_only_what_they_know_of(store: CaseStore) -> None:
    submit(store)
    case = store.withdraw("talk")
    assert (case.state, case.close_reason) == ("closed", "withdrawn")
    assert kinds(store, case.number, "to_staff") == []
    known = submit(store)
    (entry,) = store.claim_due("w", 5)
    store.start_attempt(entry)
    # the attempt is under way: it may arrive
    store.withdraw("talk")
    assert kinds(store, known.number, "to_staff") == [("withdrawn", "rhein_kreis_neuss")]
    with pytest.raises(CaseNotFound):
        store.withdraw("talk")


@pytest.mark.parametrize("rating", [0, 6, -1])
def test_rating_has_five_steps(store: CaseStore, rating: int) -> None:
    ask(store)
    with pytest.raises(ValueError, match="1 to 5"):
        store.rate("talk", rating)


def test_rating_may_come_after_closing(store: CaseStore) -> None:
    assert store.rate("talk", 5) is None
    number = submit(store).number
    store.close(number, "answered", by="staff:a")
    store.rate("talk", 4, "thank you")
    assert (store.case(number).rating, store.case(number).rating_comment) == (4, "thank you")


def test_checklist_is_kept(store: CaseStore) -> None:
    with pytest.raises(CaseNotFound):
        store.set_checklist("talk", {"visa": True})
    number = ask(store)
    store.set_checklist("talk", {"visa": True, "書類": ["登記簿"]})
    assert store.case(number).checklist == {"visa": True, "書類": ["登記簿"]}
    store.set_checklist("talk", None)
    assert store.case(number).checklist is None


def test_staff_of_a_waiting_case_get_a_checklist_made_meanwhile(store: CaseStore) -> None:
    number = submit(store).number
    store.set_checklist("talk", {"items": []})
    assert [entry.kind for entry in store.case_file(number).outbox] == ["notice", "checklist"]
    store.pick_up(number, by="staff:x")
    store.set_checklist("talk", {"items": []})
    assert [entry.kind for entry in store.case_file(number).outbox] == ["notice", "checklist", "picked_up"]


def test_states_are_plain_words_in_the_database(store: CaseStore) -> None:
    case = store.case(ask(store))
    assert type(case.state) is str
    assert case.state == CaseState.BOT
