"""Parts that are away: an honest word in the user's language, and nothing that was entered is lost.

The file is the last by name: after killed processes the logs hold errors that other tests would rightly complain of.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from bot.directory import get_directory
from cases.migrate import upgrade
from cases.states import CaseState
from tests.conversation.questions import COMPANY, CONCERN, EMAIL, GMBH, GMBH_TOPIC, IN_CHARGE, NAME, PERSON, PHONE
from tests.conversation.test_handoff import begin, fill, submitted
from tests.postgres import PostgresServer, postgres_server  # noqa: F401
from tests.running import Assistant, Chat, Reply

pytestmark = pytest.mark.server

LANGUAGES = ("de", "en", "ja")


def is_apology(reply: Reply, language: str, partner_id: str) -> bool:
    partner = get_directory().partner(partner_id)
    contact = " · ".join(part for part in (partner.phone, partner.email, partner.website) if part)
    return reply.says("apology", language, partner=partner.name[language], contact=contact) and reply.custom == {
        "type": "fault",
        "language": language,
        "partner": partner_id,
    }


def test_the_action_server_is_away(assistant: Assistant) -> None:
    """At a question, in the form, at the summary: what was entered is there when it is back."""
    new = {language: Chat(assistant) for language in LANGUAGES}
    placed, forms, ready = ({language: Chat(assistant, language) for language in LANGUAGES} for _ in range(3))
    for language in LANGUAGES:
        placed[language].say(IN_CHARGE[language])
        begin(forms[language], language)
        forms[language].say(COMPANY)
        forms[language].say(NAME)
        fill(ready[language], language)
    summaries = {language: dict(chat.last.buttons) for language, chat in ready.items()}
    with assistant.without("actions"):
        for language in LANGUAGES:
            assert is_apology(new[language].say(GMBH[language]), language, "nrw_global_business")
            assert is_apology(placed[language].say(GMBH[language]), language, "rhein_kreis_neuss")
            assert is_apology(forms[language].say(EMAIL), language, "nrw_global_business")
            assert is_apology(ready[language].press("send_button", language), language, "rhein_kreis_neuss")
    for language in LANGUAGES:
        assert new[language].say(GMBH[language]).custom["topic"] == GMBH_TOPIC
        form = forms[language]
        form.say(EMAIL)
        assert form.last.custom["field"] == "phone", form.last.text
        form.say(PHONE)
        form.say("Neuss")
        form.say(CONCERN[language])
        case = submitted(form, language)
        assert (case.company, case.contact_name, case.email) == (COMPANY, NAME, EMAIL)
        chat = ready[language]
        chat.last.messages[:] = [{"buttons": [{"title": k, "payload": v} for k, v in summaries[language].items()]}]
        assert submitted(chat, language).company == COMPANY


@contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def fault_and_return(assistant: Assistant, language: str, away: AbstractContextManager[None]) -> None:
    """Answers go on while the case log is away; a submission is refused, kept, and taken later."""
    asking, ready, withdrawing = (Chat(assistant, language) for _ in range(3))
    fill(ready, language)
    fill(withdrawing, language)
    waiting = submitted(withdrawing, language)
    with away:
        assert asking.say(GMBH[language]).custom["topic"] == GMBH_TOPIC
        reply = ready.press("send_button", language)
        partner = get_directory().partner("rhein_kreis_neuss")
        assert reply.says("utter_case_log_away", language, partner=partner.name[language])
        assert reply.type == "fault"
        assert withdrawing.press("withdraw_button", language).says("utter_message_not_taken", language)
        # the offer itself can be made; the form can be filled all the same
        assert asking.say(PERSON[language]).custom["field"] == "consent"
    assert assistant.cases.case(waiting.number).state == CaseState.WAITING
    reply = ready.say(PERSON[language])
    assert reply.custom["field"] == "confirm", reply.text
    case = submitted(ready, language)
    assert (case.company, case.concern, case.owner) == (COMPANY, CONCERN[language], "rhein_kreis_neuss")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_case_log_is_away(assistant: Assistant, language: str) -> None:
    fault_and_return(assistant, language, assistant.without_case_log())


@pytest.mark.postgres
def test_the_case_log_in_postgresql_is_away(assistant: Assistant, postgres_server: PostgresServer) -> None:  # noqa: F811
    """The same with an action server on PostgreSQL."""
    url = postgres_server.new_database()
    upgrade(url)
    before = assistant.case_log_url
    with assistant.on_case_log(url):
        fault_and_return(assistant, "ja", stopped(postgres_server))
    assert assistant.case_log_url == before


def test_rasa_comes_back_with_the_conversation(assistant: Assistant) -> None:
    """SIGKILL in the middle of a form: the next message goes on where it was, buttons included."""
    chat = Chat(assistant, "de")
    fill(chat, "de")
    with assistant.without("rasa"):
        pass
    assert submitted(chat, "de").company == COMPANY
