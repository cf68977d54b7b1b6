"""What staff write, without a channel: commands, phrases, errors, once for each message."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest

from bot.directory import Directory, get_directory
from bot.knowledge.loader import load_knowledge
from bot.knowledge.wording import Wording
from bot.settings import PROJECT_ROOT
from cases.models import OutboxEntry
from cases.records import StaffFile
from cases.store import CaseStore
from staff.cards import Cards
from staff.channels import IncomingMessage
from staff.commands import COMMANDS, Command, parse, reminder_time
from staff.inbound import Inbound
from staff.orders import Orders
from staff.phrases import PhraseError, get_phrases, given_values, load_phrases
from staff.sending import harmless
from tests.cases.conftest import Clock
from tests.staff.conftest import submit

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=timezone.utc)
PARTNER = "rhein_kreis_neuss"


class Staff:
    """Somebody of a partner's staff who writes in the thread of one case."""

    def __init__(self, store: CaseStore, inbound: Inbound, cards: Cards, number: str) -> None:
        self.store, self.inbound, self.cards, self.number = store, inbound, cards, number
        self.ids = count(1)

    def message(self, text: str, **values: object) -> IncomingMessage:
        message = IncomingMessage(self.number, text, "@erika:localhost", f"$event{next(self.ids)}", PARTNER, "erika")
        return replace(message, **values)  # type: ignore[arg-type]

    def write(self, text: str, **values: object) -> str:
        """Write, and read what comes back."""
        return self.bring(self.message(text, **values))

    def bring(self, message: IncomingMessage) -> str:
        before = {entry.id for entry in self.outbox("to_staff")}
        self.inbound.handle("matrix", message)
        new = [entry for entry in self.outbox("to_staff") if entry.id not in before and entry.kind == "reply"]
        return "\n".join(self.cards.notice(entry, threaded="matrix").body for entry in new)

    def outbox(self, direction: str) -> list[OutboxEntry]:
        return [entry for entry in self.store.case_file(self.number).outbox if entry.direction == direction]

    def sent(self) -> list[str]:
        """What the user was told, by kind or text."""
        return [entry.payload.get("text") or entry.kind for entry in self.outbox("to_user")]


@pytest.fixture
def inbound(store: CaseStore, directory: Directory, wording: Wording) -> Inbound:
    knowledge = load_knowledge(PROJECT_ROOT / "data")
    orders = Orders(lambda: knowledge, get_phrases)
    return Inbound(store, directory, wording, orders, lambda token: f"https://chat.example.com/files/{token}")


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    from cases.migrate import upgrade

    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    return url


@pytest.fixture
def staff(store: CaseStore, inbound: Inbound, cards: Cards) -> Staff:
    return Staff(store, inbound, cards, submit(store).number)


def test_plain_text_takes_the_case_and_goes_to_the_user(staff: Staff) -> None:
    assert staff.write("Guten Tag").startswith("Übernommen.")
    assert staff.write("Noch etwas") == ""
    assert staff.sent() == ["picked_up", "Guten Tag", "Noch etwas"]


@pytest.mark.parametrize("text", ["Guten Tag", "!take", "!note x", "!close answered", "!phrase thanks", "!help"])
def test_a_message_that_comes_twice_counts_once(staff: Staff, text: str) -> None:
    message = staff.message(text)
    assert staff.bring(message)
    before = [(entry.key, entry.payload) for entry in staff.store.case_file(staff.number).outbox]
    assert staff.bring(message) == ""
    assert [(entry.key, entry.payload) for entry in staff.store.case_file(staff.number).outbox] == before


def test_notes_never_leave(staff: Staff) -> None:
    assert "sieht sie nicht" in staff.write("!note 信頼できそう")
    assert "leer" in staff.write("!note")
    assert staff.sent() == []
    assert staff.store.case(staff.number).state == "waiting"


@pytest.mark.parametrize("text", ["!nott geheim", "! nott geheim", "！ｎｏｔｔ geheim", "!Notiz geheim", "!メモ 秘密"])
def test_a_mistyped_command_is_not_sent(staff: Staff, text: str) -> None:
    assert "gibt es nicht" in staff.write(text)
    assert staff.sent() == []


def test_full_width_commands_work(staff: Staff) -> None:
    assert staff.write("！ｔａｋｅ").startswith("Übernommen.")
    assert "bereits übernommen" in staff.write("!take")


def test_close_needs_a_reason(staff: Staff) -> None:
    reply = staff.write("!close")
    assert "- answered: beantwortet" in reply
    assert staff.store.case(staff.number).is_open
    assert "Abgeschlossen: beantwortet" in staff.write("!close answered")
    assert "abgeschlossen oder zurückgezogen" in staff.write("Noch etwas")
    assert staff.sent() == ["closed"]


def test_transfer_by_name(staff: Staff) -> None:
    assert "- koeln:" in staff.write("!transfer atlantis")
    assert "schon bei Ihnen" in staff.write("!transfer rhein-kreis-neuss")
    staff.write("!transfer ケルン市")
    assert staff.store.case(staff.number).owner == "koeln"
    owner = get_directory().partner("koeln").name["de"]
    assert f"liegt bei {owner}" in staff.write("Doch von uns")
    assert staff.sent() == ["transferred"]


def test_only_the_desk_where_the_case_lies_can_act(staff: Staff) -> None:
    (waiting,) = staff.store.waiting()
    assert staff.store.escalate(waiting, f"{PARTNER}.second")
    name = get_directory().partner(PARTNER).name["de"]
    assert f"liegt bei Zweitkontakt von {name}" in staff.write("!take")
    assert staff.write("Guten Tag", partner=f"{PARTNER}.second").startswith("Übernommen.")
    # and back to the first desk
    staff.write(f"!transfer {PARTNER}", partner=f"{PARTNER}.second")
    assert staff.store.case(staff.number).desk == PARTNER
    assert "liegt bei" in staff.write("Noch etwas", partner=f"{PARTNER}.second")
    assert staff.write("Da bin ich").startswith("Übernommen.")
    assert staff.sent() == ["nobody_yet", "picked_up", "Guten Tag", "transferred", "picked_up", "Da bin ich"]


def test_each_correction_is_sent_even_back_to_the_first_words(staff: Staff) -> None:
    first = staff.message("Montag")
    staff.bring(first)
    for text in ("Dienstag", "Montag", "!note x", "x" * 9000):
        reply = staff.bring(staff.message(text, case_number=None, kind="edit", target=first.external_id))
    assert "mehr als 8000 Zeichen" in reply
    assert staff.sent() == ["picked_up", "Montag", "Dienstag", "Montag"]


def test_a_file_comes_with_its_caption_and_stays_beside_a_command(staff: Staff) -> None:
    file = StaffFile("plan.pdf", "application/pdf", b"%PDF-1.4")
    staff.write("!note nur für uns", file=file)
    assert staff.sent() == []
    message = staff.message("**Der Plan**", file=file)
    assert "plan.pdf" in staff.bring(message)
    caption, name, link = staff.sent()[-1].replace("\n\n", "\n").split("\n")
    assert (caption, name) == ("∗∗Der Plan∗∗", "plan.pdf")
    token = link.rsplit("/", 1)[1]
    assert staff.store.file(token) == file
    # taken back, the file is gone as well
    staff.bring(staff.message("", case_number=None, kind="retraction", target=message.external_id))
    assert staff.store.file(token) is None


def test_topic_in_the_users_language_with_the_german_text(staff: Staff) -> None:
    reply = staff.write("!topic company/gmbh_formation")
    sent = staff.sent()[-1]
    knowledge = load_knowledge(PROJECT_ROOT / "data")["company/gmbh_formation"]
    assert knowledge.text["ja"] in sent
    assert knowledge.text["de"] in reply
    assert "company/ug_formation" in staff.write("!topic company/nothing")


def test_phrases_check_their_values(staff: Staff) -> None:
    assert "propose_call day=<date> time=<time>" in staff.write("!phrase")
    assert "Es fehlt: day." in staff.write("!phrase propose_call")
    assert "kein Datum" in staff.write("!phrase propose_call day=morgen time=14:00")
    assert "Nicht vorgesehen: who" in staff.write("!phrase propose_call day=2026-12-01 time=14:00 who=me")
    reply = staff.write("!phrase propose_call day=2026-12-01 time=14:00")
    assert "1.12.2026 um 14:00 Uhr" in reply
    assert "2026年12月1日の14:00" in staff.sent()[-1]


def test_markup_in_a_value_is_text(staff: Staff) -> None:
    staff.write("!phrase see_link link=[Bank](https://evil.example)")
    assert staff.sent()[-1].endswith("[Bank]\u2060(https://evil.example)")


def test_language_changes_what_is_sent(staff: Staff) -> None:
    assert "de, ja, en" in staff.write("!language fr")
    assert "Englisch" in staff.write("!language en")
    staff.write("!phrase thanks")
    assert staff.sent()[-1] == "Thank you for your message."


def test_reminders(staff: Staff, clock: Clock, store: CaseStore) -> None:
    assert "Zum Beispiel" in staff.write("!remind bald")
    assert "11:30" not in staff.write("!remind 3d")
    staff.write("Hallo")
    store.add_user_message("talk", "はい")
    # a reminder for later holds nothing up
    due = [entry.kind for _ in range(8) for entry in deliver(store)]
    assert "message" in due
    assert "reminder" not in due
    clock.forward(days=3, minutes=1)
    assert [entry.kind for entry in deliver(store)] == ["reminder"]


def deliver(store: CaseStore) -> list[OutboxEntry]:
    entries = store.claim_due("test", 10)
    for entry in entries:
        store.mark_delivered(entry)
    return entries


def test_closing_cancels_reminders(staff: Staff, clock: Clock) -> None:
    staff.write("!remind 1h")
    staff.write("!close answered")
    clock.forward(hours=2)
    assert all(entry.kind != "reminder" for _ in range(8) for entry in deliver(staff.store))


def test_suggestions_hold_no_personal_data(staff: Staff) -> None:
    assert "noch keine Antwort" in staff.write("!suggest")
    staff.write(
        "Sehr geehrte Example Person, ほしぞら株式会社: contact@example.jp, +81 3 0000 0000. Die Frist ist 14 Tage."
    )
    assert "Die Frist ist 14 Tage." in staff.write("!suggest company/gmbh_formation")
    (candidate,) = staff.store.candidates()
    for secret in ("Example", "Person", "ほしぞら", "contact@", "0000"):
        assert secret not in candidate.text
    assert candidate.topic == "company/gmbh_formation"


def test_a_taken_back_message_that_was_not_said_is_not_said(staff: Staff) -> None:
    message = staff.message("Falsch")
    staff.bring(message)
    staff.bring(staff.message("", case_number=None, kind="retraction", target=message.external_id))
    live = [entry.kind for entry in staff.outbox("to_user") if entry.cancelled_at is None]
    assert live == ["picked_up"]
    assert staff.store.staff_message("matrix", message.external_id)[1].text == ""  # type: ignore[index]


def test_nobody_takes_back_the_words_of_another_partner(staff: Staff) -> None:
    message = staff.message("Guten Tag")
    staff.bring(message)
    taken_back = {"case_number": None, "kind": "retraction", "target": message.external_id}
    staff.write("", partner="koeln", **taken_back)
    assert staff.sent() == ["picked_up", "Guten Tag"]
    # the one who wrote them may, although the case has been passed on
    staff.write("!transfer koeln")
    staff.write("", **taken_back)
    live = [entry.kind for entry in staff.outbox("to_user") if entry.cancelled_at is None]
    assert live == ["picked_up", "transferred"]


@pytest.mark.parametrize(
    ("given", "harmless_text"),
    [
        ("**wichtig**", "∗∗wichtig∗∗"),
        ("# Titel", "\u2060# Titel"),
        ("[Bank](https://evil.example)", "[Bank]\u2060(https://evil.example)"),
        ("<b>x</b> <script>", "<b>x</b> <script>"),
        ("a\u202eb\u0000c", "abc"),
    ],
)
def test_markup_of_staff_is_text(given: str, harmless_text: str) -> None:
    assert harmless(given) == harmless_text


def test_parse() -> None:
    assert parse("Hallo !take") is None
    assert parse("!!!") is None
    assert parse("!") is None
    assert parse("!transfer koeln weil\nes passt") == Command("transfer", "koeln weil\nes passt")


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("30m", timedelta(minutes=30)),
        ("２ｈ", timedelta(hours=2)),
        ("2026-11-23 14:30", timedelta(hours=4)),
        ("2026-11-24", timedelta(hours=22, minutes=30)),
        ("2026-11-22", None),
        ("2027-11-22", None),
        ("2026-13-01", None),
        ("", None),
    ],
)
def test_reminder_times(text: str, later: timedelta | None) -> None:
    assert reminder_time(text, NOW) == (None if later is None else NOW + later)


def test_there_are_enough_phrases_and_help_for_each_command(wording: Wording) -> None:
    assert len(get_phrases()) >= 40
    for name in COMMANDS:
        assert f"!{name}" in wording.text(f"staff_help_{name}", "de")


def test_phrases_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "phrases.yml"
    path.write_text("phrases:\n  a: {de: '{x}', ja: y, en: z, values: {x: colour}}\n  B: {de: a, ja: b, en: c}\n")
    with pytest.raises(PhraseError) as error:
        load_phrases(path)
    assert [part in str(error.value) for part in ("colour", "braces in ja", "lower case")] == [True] * 3


def test_values_may_be_quoted() -> None:
    assert given_values('a=1 b="two words" c=「三 四」') == {"a": "1", "b": "two words", "c": "三 四"}
