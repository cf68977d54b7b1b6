"""Which partner is in charge: by municipality, postcode, district, ambiguous name; places that are not in NRW."""

import pytest

from bot.directory import get_directory
from tests.conversation.questions import DUESSELDORF, GREETING, IN_CHARGE, MEERBUSCH, NEUSS
from tests.running import Chat

pytestmark = pytest.mark.server

NEUSS_NAME = {"de": "Neuss", "en": "Neuss", "ja": "ノイス"}
OUTSIDE = {"de": "Und in München?", "en": "And in Munich?", "ja": "ミュンヘン"}


def names_partner(chat: Chat, language: str, ags: str) -> None:
    directory = get_directory()
    partner = directory.responsible_partner(ags)
    place = directory.municipality(ags).name[language]
    assert chat.last.says("utter_partner", language, place=place, partner=partner.name[language])
    expected = {"type": "directory", "partner": partner.id, "municipality": ags, "language": language}
    assert chat.last.custom == expected
    for contact in (partner.website, partner.phone, partner.email, partner.postal_address):
        assert contact is None or contact in chat.last.text


def test_in_a_question(chat: Chat, language: str) -> None:
    chat.say(IN_CHARGE[language])
    names_partner(chat, language, MEERBUSCH)
    case = chat.assistant.cases.latest_case(chat.sender)
    assert case is not None
    assert (case.municipality, case.owner) == (MEERBUSCH, "rhein_kreis_neuss")


def test_just_the_name(chat: Chat, language: str) -> None:
    chat.say(NEUSS_NAME[language])
    names_partner(chat, language, NEUSS)


@pytest.mark.parametrize("postcode", ["40213", "４０２１３"])
def test_postcode(chat: Chat, language: str, postcode: str) -> None:
    chat.say(postcode)
    names_partner(chat, language, DUESSELDORF)


def test_district(chat: Chat, language: str) -> None:
    chat.say({"de": "Niederkassel", "en": "Niederkassel", "ja": "ニーダーカッセル"}[language])
    if len(chat.last.buttons) > 1:
        # also a town of its own: the user chooses
        chat.say(next(iter(chat.last.buttons.values())))
    assert chat.last.custom["type"] == "directory"
    assert chat.last.custom["partner"]


def test_a_name_that_several_places_bear(chat: Chat, language: str) -> None:
    chat.say(GREETING[language])
    reply = chat.say("Oberkassel")
    assert reply.says("utter_which_place", language)
    assert reply.custom["partner"] is None
    assert len(reply.buttons) == 2
    label = next(label for label in reply.buttons if get_directory().municipality(DUESSELDORF).name[language] in label)
    chat.press(label)
    names_partner(chat, language, DUESSELDORF)


def test_outside_of_the_state(chat: Chat, language: str) -> None:
    chat.say(GREETING[language])
    reply = chat.say(OUTSIDE[language])
    assert reply.says("utter_outside", language)
    assert (reply.custom["partner"], reply.custom["municipality"]) == (None, None)


def test_the_place_stays_for_the_conversation(chat: Chat, language: str) -> None:
    chat.say(IN_CHARGE[language])
    chat.say(
        {
            "de": "Und wie melde ich dort ein Gewerbe an?",
            "en": "How do I register a trade there?",
            "ja": "営業届はどのように提出しますか",
        }[language]
    )
    case = chat.assistant.cases.latest_case(chat.sender)
    assert case is not None
    assert case.municipality == MEERBUSCH
