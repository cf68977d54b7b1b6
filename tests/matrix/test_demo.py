"""What script/staff-demo prepares: accounts, a room for each partner, and the settings that lead the relay there."""

import os

import pytest

from bot.directory import get_directory
from bot.settings import load_settings
from staff.demo import STAFF, prepare
from staff.synapse import Synapse
from staff.targets import Targets


def test_the_demonstration_is_prepared_once_and_again(
    synapse: Synapse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for partner in get_directory().partners.values():
        monkeypatch.setenv(partner.channel_env, "")
    for name in ("URL", "USER", "TOKEN"):
        monkeypatch.setenv(f"NRWBOT_MATRIX_{name}", "")
    prepare(synapse)
    prepare(synapse)
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*STAFF, synapse.url, "#koeln:localhost"))
    (channel,) = Targets(get_directory(), load_settings().var_dir, os.environ, load_settings()).two_way()
    assert channel.partners == frozenset(get_directory().partners)
    rooms = synapse.call("GET", "/_matrix/client/v3/joined_rooms", None, os.environ["NRWBOT_MATRIX_TOKEN"])
    assert len(rooms["joined_rooms"]) == len(get_directory().partners)
