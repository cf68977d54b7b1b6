import pytest

from cases.states import STAFF_CLOSE_REASONS, TRANSITIONS, CaseNotFound, CaseState, IllegalTransition
from cases.store import CaseStore
from tests.cases.conftest import Clock, kinds, submit


def test_pick_up_tells_the_user_and_silences_the_bot(store: CaseStore, clock: Clock) -> None:
    number = submit(store).number
    assert not store.bot_silent("talk")
    clock.forward(hours=1)
    case = store.pick_up(number.lower(), by="staff:a")
    assert (case.state, case.picked_up_at) == ("with_person", clock.now)
    assert store.bot_silent("talk")
    store.pick_up(number, by="staff:b")
    assert kinds(store, number, "to_user") == [("picked_up", "rhein_kreis_neuss")]
    store.close(number, "answered", by="staff:a")
    assert not store.bot_silent("talk")


def test_answering_picks_up_and_repeats_nothing(store: CaseStore) -> None:
    number = submit(store).number
    first = store.add_staff_message(
        number, "Guten Tag", by="staff:a", language="de", channel="matrix", external_id="$1"
    )
    again = store.add_staff_message(
        number, "Guten Tag", by="staff:a", language="de", channel="matrix", external_id="$1"
    )
    assert again.id == first.id
    # the same id in another channel is another message
    store.add_staff_message(number, "Noch etwas", by="staff:a", channel="slack", external_id="$1")
    assert kinds(store, number, "to_user") == [
        ("picked_up", "rhein_kreis_neuss"),
        ("message", "rhein_kreis_neuss"),
        ("message", "rhein_kreis_neuss"),
    ]
    assert store.case(number).state == "with_person"


def test_notes_stay_with_staff(store: CaseStore) -> None:
    number = submit(store).number
    note = store.add_note(number, "ruft zurück", by="staff:a", channel="matrix", external_id="$2")
    assert store.add_note(number, "ruft zurück", by="staff:a", channel="matrix", external_id="$2").id == note.id
    assert [message.author for message in store.case_file(number).messages] == ["user", "note"]
    assert "ruft zurück" not in [message.text for message in store.messages("talk")]
    assert kinds(store, number, "to_user") == []
    # another partner's staff get them with the case
    store.transfer(number, "koeln", by="staff:a")
    notice = store.case_file(number).outbox[-2].payload
    assert {key: notice["transcript"][-1][key] for key in ("author", "text", "partner")} == {
        "author": "note",
        "text": "ruft zurück",
        "partner": "rhein_kreis_neuss",
    }
    assert "ruft zurück" not in str([entry.payload for entry in store.case_file(number).outbox[-1:]])


def test_notes_need_a_submitted_case(store: CaseStore) -> None:
    number = store.record_turn("talk", topic="tax/vat", outcome="answered", language="de")
    with pytest.raises(IllegalTransition, match="annotated"):
        store.add_note(number, "?", by="operator")


def test_transfer_waits_for_the_new_partner(store: CaseStore) -> None:
    number = submit(store).number
    store.pick_up(number, by="staff:a")
    case = store.transfer(number, "koeln", by="staff:a", reason="site is in Cologne")
    assert (case.state, case.owner) == ("waiting", "koeln")
    # a person had it: the bot stays silent
    assert store.bot_silent("talk")
    assert kinds(store, number, "to_staff") == [("notice", "koeln")]
    assert kinds(store, number, "to_user") == [("picked_up", "rhein_kreis_neuss"), ("transferred", "koeln")]
    assert store.transfer(number, "koeln", by="staff:a").state == "waiting"
    assert len(kinds(store, number, "to_staff")) == 1
    store.pick_up(number, by="staff:b")
    store.transfer(number, "rhein_kreis_neuss", by="staff:b")
    assert kinds(store, number, "to_staff") == [("notice", "rhein_kreis_neuss")]


def test_transfer_needs_a_partner_and_a_submitted_case(store: CaseStore) -> None:
    number = submit(store).number
    with pytest.raises(KeyError, match="nobody"):
        store.transfer(number, "nobody", by="operator")
    asked = store.record_turn("other", topic="tax/vat", outcome="answered", language="de")
    with pytest.raises(IllegalTransition, match="transferred to koeln"):
        store.transfer(asked, "koeln", by="operator")


@pytest.mark.parametrize("reason", STAFF_CLOSE_REASONS)
def test_close_tells_the_user_why(store: CaseStore, clock: Clock, reason: str) -> None:
    number = submit(store).number
    case = store.close(number, reason, by="staff:a")
    assert (case.state, case.close_reason, case.closed_at) == ("closed", str(reason), clock.now)
    (entry,) = [entry for entry in store.case_file(number).outbox if entry.direction == "to_user"]
    assert entry.payload["reason"] == str(reason)


def test_closing_what_was_never_submitted_tells_nobody(store: CaseStore) -> None:
    number = store.record_turn("talk", topic="tax/vat", outcome="answered", language="de")
    store.close(number, "answered", by="operator")
    assert store.case_file(number).outbox == []


def test_unknown_reason_is_refused(store: CaseStore) -> None:
    number = submit(store).number
    with pytest.raises(ValueError, match="bored"):
        store.close(number, "bored", by="staff:a")
    assert store.case(number).state == "waiting"


def test_illegal_changes_name_both_states(store: CaseStore) -> None:
    number = submit(store).number
    store.close(number, "answered", by="staff:a")
    with pytest.raises(IllegalTransition, match="'closed' and cannot become 'with_person'") as error:
        store.pick_up(number, by="staff:a")
    assert (error.value.number, error.value.current, error.value.wanted) == (number, "closed", "with_person")
    with pytest.raises(IllegalTransition):
        store.close(number, "answered", by="staff:a")
    with pytest.raises(IllegalTransition):
        store.add_staff_message(number, "late", by="staff:a")
    with pytest.raises(IllegalTransition):
        store.transfer(number, "koeln", by="staff:a")
    asked = store.record_turn("other", topic="tax/vat", outcome="answered", language="de")
    with pytest.raises(IllegalTransition, match="'bot' and cannot become 'with_person'"):
        store.pick_up(asked, by="staff:a")


def test_closed_leads_nowhere_and_every_state_is_described() -> None:
    assert set(TRANSITIONS) == set(CaseState)
    assert not TRANSITIONS[CaseState.CLOSED]


@pytest.mark.parametrize("number", ["NRW-2222-2222-22", "nonsense", ""])
def test_unknown_numbers(store: CaseStore, number: str) -> None:
    with pytest.raises(CaseNotFound, match="no case"):
        store.pick_up(number, by="staff:a")
    with pytest.raises(CaseNotFound):
        store.case_file(number)


def test_every_change_is_audited(store: CaseStore) -> None:
    number = submit(store).number
    store.pick_up(number, by="staff:a")
    store.transfer(number, "essen", by="staff:a", reason="asked for")
    store.close(number, "referred", by="operator")
    trail = [(event.kind, event.old, event.new, event.by) for event in store.case_file(number).events]
    assert trail == [
        ("opened", None, "bot", "bot"),
        ("municipality", None, "05162024", "user"),
        ("owner", "nrw_global_business", "rhein_kreis_neuss", "user"),
        ("state", "bot", "waiting", "user"),
        ("state", "waiting", "with_person", "staff:a"),
        ("owner", "rhein_kreis_neuss", "essen", "staff:a"),
        ("state", "with_person", "waiting", "staff:a"),
        ("state", "waiting", "closed", "operator"),
    ]


def test_who_agreed_gets_a_copy_by_mail(url: str, clock: Clock) -> None:
    store = CaseStore(url, clock=clock, mails_users=True)
    number = submit(store).number
    store.add_staff_message(number, "Guten Tag", by="staff:x")
    assert [kind for kind, _ in kinds(store, number, "by_mail")] == ["message"]
    store.dispose()
