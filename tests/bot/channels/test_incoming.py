"""What a channel does with a message before Rasa sees it, and the apology when Rasa stayed silent."""

from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

from bot.channels.buttons import issue
from bot.channels.incoming import LONGEST, apologise, prepare, with_tokens
from bot.directory import get_directory
from bot.nlu.text import is_command, unshield

LANGUAGES = ("de", "en", "ja")
DUESSELDORF = "05111000"

pytestmark = pytest.mark.usefixtures("secret_key")


@pytest.mark.parametrize(
    "typed",
    [
        "/menu",
        '/set_language{"language_choice": "ja"}',
        "/restart",
        "/session_start",
        "  /staff_event",
        "\n/staff_event",
        "\u3000/menu",
        "/",
        "//menu",
        '/inform{"place": "x"}@0.9',
    ],
)
def test_typed_commands_are_plain_text(typed: str) -> None:
    prepared = prepare(typed, "mine")
    # Rasa strips what it gets before it looks for a command
    assert not is_command(UserMessage(prepared).text or "")
    assert unshield(prepared) == typed


@pytest.mark.parametrize("control", ["\u200b", "\u2060", "\ufeff", "\u0000", "\u202e"])
def test_an_invisible_sign_before_a_command_does_not_help(control: str) -> None:
    prepared = UserMessage(prepare(f"{control}/menu", "mine")).text or ""
    assert not is_command(prepared)
    assert not is_command(prepared.strip())


def test_a_button_of_this_conversation_is_its_payload() -> None:
    assert prepare(issue("/menu", "mine"), "mine") == "/menu"


def test_a_button_of_another_conversation_is_plain_text() -> None:
    token = issue("/menu", "yours")
    assert prepare(token, "mine") == token


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000", "\u200b\u200d", "\u0000\u0007", "\ufeff"])
def test_nothing_to_read(text: str) -> None:
    assert prepare(text, "mine") == "/unreadable"


def test_longest_message() -> None:
    assert prepare("あ" * LONGEST, "mine") == "あ" * LONGEST
    assert prepare("a" * (LONGEST + 1), "mine") == "/too_long"
    assert prepare("/" * (LONGEST + 1), "mine") == "/too_long"


def test_buttons_leave_as_tokens() -> None:
    options = [{"title": "A", "payload": "/menu"}, {"title": "B", "url": "https://www.example.com"}]
    sent = with_tokens(options, "mine")
    assert prepare(sent[0]["payload"], "mine") == "/menu"
    assert sent[1] == options[1]
    assert options[0]["payload"] == "/menu", "the caller's buttons are left alone"


class Tracker:
    def __init__(self, **slots: Any) -> None:
        self._slots = slots

    def get_slot(self, name: str) -> Any:
        return self._slots.get(name)


def agent(tracker: Tracker | None = None, error: Exception | None = None) -> Any:
    async def retrieve(_: str) -> Tracker | None:
        if error:
            raise error
        return tracker

    return SimpleNamespace(tracker_store=SimpleNamespace(retrieve=retrieve))


async def apology(text: str, about: Any) -> tuple[str, dict[str, Any]]:
    channel = CollectingOutputChannel()
    await apologise(channel, "mine", text, about)
    said, custom = channel.messages
    return said["text"], custom["custom"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_apology_names_the_partner_of_the_place(language: str) -> None:
    place = {"ags": DUESSELDORF, "region": None}
    said, custom = await apology("GmbH", agent(Tracker(language=language, place=place)))
    partner = get_directory().responsible_partner(DUESSELDORF)
    assert custom == {"type": "fault", "language": language, "partner": partner.id}
    assert partner.name[language] in said


async def test_the_apology_knows_a_region_named_as_a_whole() -> None:
    _, custom = await apology("?", agent(Tracker(language="de", place={"ags": None, "region": "staedteregion_aachen"})))
    assert custom["partner"] == "staedteregion_aachen"


@pytest.mark.parametrize("entered", [DUESSELDORF, "rhein_kreis_neuss"])
async def test_the_place_entered_in_the_form_counts_before_that_of_the_conversation(entered: str) -> None:
    slots = {"language": "en", "municipality": entered, "place": {"ags": "05315000", "region": None}}
    _, custom = await apology("?", agent(Tracker(**slots)))
    directory = get_directory()
    expected = directory.responsible_partner(entered) if entered in directory.municipalities else entered
    assert custom["partner"] == getattr(expected, "id", expected)


@pytest.mark.parametrize("place", [None, "x", [], {}, {"ags": "99999999"}, {"region": "nobody"}, [DUESSELDORF]])
async def test_an_unknown_place_gets_the_statewide_partner(place: Any) -> None:
    said, custom = await apology("?", agent(Tracker(language="en", place=place)))
    assert custom["partner"] == "nrw_global_business"
    assert get_directory().partner("nrw_global_business").name["en"] in said


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie lange dauert die Anmeldung beim Finanzamt?", "de"),
        ("税務署への届出にはどのくらいかかりますか", "ja"),
        ("How long does it take to register with the tax office?", "en"),
        ("🙂", "en"),
        ("", "en"),
    ],
)
async def test_without_the_conversation_the_language_is_that_of_the_message(text: str, language: str) -> None:
    for about in (agent(None), agent(error=OSError("away"))):
        assert (await apology(text, about))[1]["language"] == language
