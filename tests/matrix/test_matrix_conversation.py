"""Both ways through a real Matrix server: card, thread, replies, states, edits, files, strangers."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.directory import desk_of, get_directory
from cases.store import CaseStore
from staff.relay import Relay
from staff.synapse import SynapseError
from tests.matrix.conftest import Desk, Network, build_relay, eventually
from tests.staff.conftest import NEUSS, submit
from tests.staff.rasa_double import RasaDouble

PARTNER = "rhein_kreis_neuss"


async def said(rasa: RasaDouble, count: int, conversation: str = "talk") -> list[tuple[str, str]]:
    return await eventually(lambda: len(rasa.said[conversation]) >= count and rasa.said[conversation])


async def test_a_conversation_both_ways(
    store: CaseStore, relay: Relay, rasa: RasaDouble, desk: Desk, network: Network
) -> None:
    number = submit(store, concern="倉庫を探しています。").number
    card = await desk.card(PARTNER, number)
    body = card["content"]["body"]
    for shown in (number, "ほしぞら株式会社", "Neuss", "Japanisch", "倉庫を探しています。", "!help"):
        assert shown in body
    assert card["content"]["m.mentions"] == {}
    assert "formatted_body" not in card["content"]
    await desk.write(PARTNER, card, "Guten Tag, welche Fläche suchen Sie?")
    assert await said(rasa, 2) == [("picked_up", ""), ("message", "Guten Tag, welche Fläche suchen Sie?")]
    assert store.case(number).state == "with_person"
    store.add_user_message("talk", "約500平方メートルです。", language="ja")

    async def answered() -> bool:
        return any("約500平方メートルです。" in text for text in await desk.texts(PARTNER))

    await eventually(answered)
    thread = [event["content"].get("m.relates_to", {}).get("event_id") for event in await desk.messages(PARTNER)]
    assert set(thread) == {None, card["event_id"]}
    await desk.write(PARTNER, card, "!close answered")
    assert (await said(rasa, 3))[-1][0] == "closed"
    assert store.case(number).close_reason == "answered"


async def test_what_staff_say_among_themselves_stays_there(
    store: CaseStore, relay: Relay, rasa: RasaDouble, desk: Desk
) -> None:
    number = submit(store).number
    card = await desk.card(PARTNER, number)
    await desk.send(PARTNER, {"msgtype": "m.text", "body": "Wer übernimmt das?"})
    await desk.write(PARTNER, card, "!note Interessent wirkt seriös")
    await desk.write(PARTNER, card, "!nott Tippfehler")
    await desk.write(PARTNER, card, "Hallo")
    assert (await said(rasa, 2))[-1] == ("message", "Hallo")
    authors = [(message.author, message.text) for message in store.case_file(number).messages]
    assert ("note", "Interessent wirkt seriös") in authors

    async def told() -> bool:
        texts = "\n".join(await desk.texts(PARTNER))
        return "Notiz gespeichert" in texts and "„!nott“ gibt es nicht" in texts

    await eventually(told)


async def test_only_the_partners_room_can_act(
    store: CaseStore, relay: Relay, rasa: RasaDouble, desk: Desk, network: Network
) -> None:
    number = submit(store, municipality=NEUSS).number
    card = await desk.card(PARTNER, number)
    # in another partner's room somebody writes into the thread of a forged card
    forged = {"msgtype": "m.text", "body": "Neue Anfrage", "nrwbot": {"case": number, "key": "x"}}
    event_id = await desk.send("koeln", forged)
    await desk.write("koeln", {"event_id": event_id}, "Ich bin es")
    # and in a room of their own making
    _, token = network.synapse.account("stranger", "secret")
    room = network.synapse.call(
        "POST", "/_matrix/client/v3/createRoom", {"preset": "private_chat", "invite": [network.user]}, token
    )["room_id"]
    network.synapse.call(
        "PUT", f"/_matrix/client/v3/rooms/{room}/send/m.room.message/1", {"msgtype": "m.text", "body": "!take"}, token
    )
    await desk.write(PARTNER, card, "Von uns")
    assert await said(rasa, 2) == [("picked_up", ""), ("message", "Von uns")]
    joined = network.synapse.call("GET", "/_matrix/client/v3/joined_rooms", None, network.token)["joined_rooms"]
    assert room not in joined


async def test_events_that_make_no_sense_stop_nothing(
    store: CaseStore, relay: Relay, rasa: RasaDouble, desk: Desk, network: Network
) -> None:
    card = await desk.card(PARTNER, submit(store).number)
    thread = {"rel_type": "m.thread", "event_id": card["event_id"]}
    file = {"msgtype": "m.file", "body": "x.pdf", "m.relates_to": thread}
    room = quote(await desk.room(PARTNER), safe="")
    odd: list[dict[str, Any]] = [
        {"msgtype": "m.text", "body": "x", "m.relates_to": "no relation"},
        {"msgtype": "m.text", "body": "x", "m.relates_to": {"m.in_reply_to": "nothing"}},
        {"msgtype": "m.text", "body": "x", "m.relates_to": {"m.in_reply_to": {"event_id": "x" * 20000}}},
        {"msgtype": "m.text", "body": "x", "m.relates_to": {"m.in_reply_to": {"event_id": "../../login"}}},
        {"msgtype": "m.text", "body": "x", "m.new_content": 1, "m.relates_to": {**thread, "rel_type": "m.replace"}},
        {"msgtype": "m.text", "body": 5, "m.relates_to": thread},
        {**file, "info": "large"},
        {**file, "url": 7},
        {**file, "url": "mxc://nowhere.invalid/nothing"},
        {"body": "no type"},
    ]
    for number, content in enumerate(odd):
        path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/odd{number}"
        # the server itself refuses some of them
        with suppress(SynapseError):
            await asyncio.to_thread(network.synapse.call, "PUT", path, content, network.staff_token)
    await desk.write(PARTNER, card, "Guten Tag")
    assert await said(rasa, 2) == [("picked_up", ""), ("message", "Guten Tag")]


async def test_edits_retractions_and_files(
    store: CaseStore, relay: Relay, rasa: RasaDouble, desk: Desk, network: Network
) -> None:
    number = submit(store).number
    card = await desk.card(PARTNER, number)
    first = await desk.write(PARTNER, card, "Termin am Montag")
    await said(rasa, 2)
    changed = {"msgtype": "m.text", "body": "Termin am Dienstag"}
    edit: dict[str, Any] = {
        "msgtype": "m.text",
        "body": "* Termin am Dienstag",
        "m.new_content": changed,
        "m.relates_to": {"rel_type": "m.replace", "event_id": first},
    }
    await desk.send(PARTNER, edit)
    assert (await said(rasa, 3))[-1] == ("message", "Termin am Dienstag")
    await desk.client.room_redact(await desk.room(PARTNER), first)
    assert (await said(rasa, 4))[-1][0] == "retracted"
    for name, content in (("plan.pdf", b"%PDF-1.4 test"), ("evil.pdf", b"MZ\x90\x00")):
        uploaded = await upload(network, content)
        file = {"msgtype": "m.file", "url": uploaded, "info": {"size": len(content)}}
        await desk.write(PARTNER, card, name, **file)
    text = (await said(rasa, 5))[-1][1]
    assert text.startswith("plan.pdf\n")
    kept = store.file(text.rsplit("/", 1)[1])
    assert kept is not None
    assert (kept.media_type, kept.content) == ("application/pdf", b"%PDF-1.4 test")

    async def refused() -> bool:
        return any("Nur PDF, PNG und JPEG" in text or "nur PDF" in text for text in await desk.texts(PARTNER))

    await eventually(refused)
    assert len(rasa.said["talk"]) == 5


async def upload(network: Network, content: bytes) -> str:
    """Put a file on the server as staff; its address."""
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {network.staff_token}"}) as session,
        session.post(f"{network.synapse.url}/_matrix/media/v3/upload", data=content) as response,
    ):
        return str((await response.json())["content_uri"])


async def test_transfer_moves_the_whole_thread(store: CaseStore, relay: Relay, rasa: RasaDouble, desk: Desk) -> None:
    number = submit(store, concern="Messe in Köln").number
    card = await desk.card(PARTNER, number)
    await desk.write(PARTNER, card, "Das macht Köln.")
    await desk.write(PARTNER, card, "!note Messestand mit 20 m²")
    store.add_user_message("talk", "よろしくお願いします。", language="ja")
    await said(rasa, 2)
    await eventually(lambda: len(store.case_file(number).messages) == 4)
    await desk.write(PARTNER, card, "!transfer koeln")
    new = await desk.card("koeln", number)
    region = get_directory().partner(PARTNER).region["de"]
    body = new["content"]["body"]
    lines = [f"Beratung ({region}): Das macht Köln.", f"Notiz ({region}): Messestand mit 20 m²"]
    assert all(line in body for line in (*lines, "Unternehmen: よろしくお願いします。", "Messe in Köln"))
    assert (await said(rasa, 3))[-1][0] == "transferred"
    case = store.case(number)
    assert (case.owner, case.state) == ("koeln", "waiting")
    # the former partner cannot act any more
    await desk.write(PARTNER, card, "Doch noch etwas")

    async def told() -> bool:
        owner = get_directory().partner("koeln").name["de"]
        return any(f"liegt bei {owner}" in text for text in await desk.texts(PARTNER))

    await eventually(told)
    await desk.write("koeln", new, "Willkommen")
    assert (await said(rasa, 5))[3:] == [("picked_up", ""), ("message", "Willkommen")]


async def test_what_is_said_while_waiting_is_marked(
    store: CaseStore, relay: Relay, rasa: RasaDouble, desk: Desk
) -> None:
    number = submit(store).number
    card = await desk.card(PARTNER, number)
    meanwhile = {"outcome": "answered", "topics": ["company/gmbh_formation"]}
    store.add_user_message("talk", "資本金はいくらですか。", language="ja", extra={"meanwhile": meanwhile})

    async def look() -> list[dict[str, Any]]:
        events = await desk.messages(PARTNER)
        return [event for event in events if "資本金はいくらですか。" in event["content"]["body"]]

    (event,) = await eventually(look)
    assert event["content"]["m.relates_to"]["event_id"] == card["event_id"]
    assert event["content"]["body"].startswith("Das Unternehmen schreibt, während es wartet (Japanisch):")
    assert event["content"]["body"].endswith("Der Assistent hat dazu geantwortet: company/gmbh_formation")
    await desk.write(PARTNER, card, "25.000 Euro")
    assert (await said(rasa, 2))[-1] == ("message", "25.000 Euro")


async def test_the_second_contact_has_a_room_of_its_own(
    store: CaseStore, rasa: RasaDouble, desk: Desk, network: Network, tmp_path: Path
) -> None:
    second = desk_of(PARTNER, second=True)
    number = network.rooms[PARTNER].split("-")[-1].split(":")[0]
    network.rooms[second] = network.synapse.room(network.token, f"deputy-{number}", "Deputy", [network.staff_user])
    network.synapse.call("POST", f"/_matrix/client/v3/join/%23deputy-{number}:localhost", {}, network.staff_token)
    relay = build_relay(store, network, rasa.url, tmp_path)
    case = submit(store).number
    running = asyncio.create_task(relay.run())
    try:
        first = await desk.card(PARTNER, case)
        # when this comes is told by tests of staff.watch
        (waiting,) = store.waiting()
        assert store.escalate(waiting, second)
        card = await desk.card(second, case)
        assert "ほしぞら株式会社" in card["content"]["body"]
        assert await said(rasa, 1) == [("nobody_yet", "")]
        assert (store.case(case).owner, store.case(case).desk) == (PARTNER, second)
        await desk.write(second, card, "Guten Tag, hier die Vertretung")
        assert (await said(rasa, 3))[-1] == ("message", "Guten Tag, hier die Vertretung")
        await desk.write(PARTNER, first, "Ich auch")
        store.add_user_message("talk", "ありがとうございます。", language="ja")

        async def told() -> bool:
            there = "ありがとうございます。" in "\n".join(await desk.texts(second))
            return there and "liegt bei Zweitkontakt von" in "\n".join(await desk.texts(PARTNER))

        await eventually(told)
        assert "ありがとうございます。" not in "\n".join(await desk.texts(PARTNER))
        assert len(rasa.said["talk"]) == 3
    finally:
        relay.stop()
        await running
