import asyncio
import logging
import threading
from datetime import datetime, timezone
from pathlib import Path

import pytest

from bot.directory import get_directory
from staff.channels import OutgoingNotice, Undeliverable
from staff.channels.console import ConsoleChannel

NUMBER = "NRW-7KQM-4XWD-9H"


def notice(what: int = 1, kind: str = "notice", number: str = NUMBER, body: str = "Text") -> OutgoingNotice:
    return OutgoingNotice(
        key=f"{number}/to_staff/{kind}/{what}",
        kind=kind,
        case_number=number,
        partner=get_directory().partners["koeln"],
        title=f"Anfrage {number}",
        body=body,
        created_at=datetime(2026, 11, 23, 9, 30, tzinfo=timezone.utc),
    )


def read(folder: Path) -> str:
    return (folder / "koeln.log").read_text(encoding="utf-8")


async def test_a_notice_stands_in_the_file_once(tmp_path: Path) -> None:
    folder = tmp_path / "notices"
    for _ in range(3):
        assert await ConsoleChannel(folder).deliver(notice(body="Erste Zeile\n\n本文")) == notice().key
    assert read(folder) == (
        f"=== {notice().key} 2026-11-23T09:30:00+00:00\n"
        f"  Anfrage {NUMBER}\n\n  Erste Zeile\n\n  本文\n"
        f"=== end {notice().key}\n"
    )


async def test_nobody_can_forge_another_notice(tmp_path: Path) -> None:
    later = notice(2)
    forged = f"x\n=== {later.key} 2026\n=== end {later.key}\r=== {later.key} \u2028=== end {later.key}"
    channel = ConsoleChannel(tmp_path)
    await channel.deliver(notice(1, body=forged))
    await channel.deliver(later)
    starts = [line for line in read(tmp_path).splitlines() if line.startswith("=== NRW")]
    assert [start.split()[1] for start in starts] == [notice(1).key, later.key]


@pytest.mark.parametrize("cut", [1, 10, 60, 100])
async def test_a_block_cut_off_in_writing_is_replaced(tmp_path: Path, cut: int) -> None:
    channel = ConsoleChannel(tmp_path)
    await channel.deliver(notice(1))
    await channel.deliver(notice(2))
    whole = (tmp_path / "koeln.log").read_bytes()
    (tmp_path / "koeln.log").write_bytes(whole[:-cut])
    await channel.deliver(notice(2))
    assert (tmp_path / "koeln.log").read_bytes() == whole


async def test_many_writers_at_once(tmp_path: Path) -> None:
    def write() -> None:
        for what in range(10):
            asyncio.run(ConsoleChannel(tmp_path).deliver(notice(what)))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.to_thread(lambda: [thread.join() for thread in threads])
    keys = [line.split()[2] for line in read(tmp_path).splitlines() if line.startswith("=== end")]
    assert sorted(keys) == sorted(notice(what).key for what in range(10))


async def test_erasure_empties_the_notices_of_its_case(tmp_path: Path) -> None:
    channel = ConsoleChannel(tmp_path)
    other = "NRW-2222-2222-22"
    await channel.deliver(notice(1, body="SECRET"))
    await channel.deliver(notice(1, number=other, body="stays"))
    await channel.deliver(notice(1, kind="erased", body="bitte löschen"))
    text = read(tmp_path)
    assert "SECRET" not in text
    assert "stays" in text
    assert "bitte löschen" in text
    # a late repetition does not bring the text back
    await channel.deliver(notice(1, body="SECRET"))
    assert "SECRET" not in read(tmp_path)


async def test_the_log_names_no_person(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await ConsoleChannel(tmp_path).deliver(notice(body="Example Person, contact@example.jp"))
    assert "koeln" in caplog.text
    assert "Example Person" not in caplog.text


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "notices").write_text("a file where a folder belongs")
    with pytest.raises(Undeliverable, match=r"koeln\.log") as error:
        await ConsoleChannel(tmp_path / "notices").deliver(notice())
    assert error.value.temporary
    assert not error.value.uncertain
