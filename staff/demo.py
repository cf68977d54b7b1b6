"""``script/staff-demo``: the assistant with a Matrix server beside it, to try the way to a person and back."""

# what it prints is for whoever runs it
# ruff: noqa: T201

import os
import socket
import sys

from bot.directory import get_directory
from bot.launch import ensure_secrets
from bot.launch import main as launch
from bot.settings import SettingsError, get_settings, load_settings
from staff.synapse import Synapse, SynapseError

PREFERRED_PORT = 8008
STAFF = ("beratung1", "beratung2")
# for a server that answers on this machine only
PASSWORD = "nrw-demo"  # noqa: S105
LINE = "─" * 72


def main() -> int:
    """Start the Matrix server and the assistant; returns the exit code of the assistant."""
    try:
        settings = load_settings()
        ensure_secrets(settings.var_dir)
        synapse = Synapse(settings.var_dir / "matrix", _port())
        print("Starting the Matrix server ...", flush=True)
        synapse.start()
    except (SettingsError, SynapseError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        prepare(synapse)
        get_settings.cache_clear()
        return launch()
    except (SettingsError, SynapseError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        synapse.stop()


def prepare(synapse: Synapse) -> None:
    """Accounts, one room for each partner, and the settings that lead the relay there."""
    user, token = synapse.account("assistant", PASSWORD)
    staff = [synapse.account(name, PASSWORD) for name in STAFF]
    rooms = {}
    for partner in get_directory().partners.values():
        alias = partner.id.replace("_", "-")
        rooms[partner.id] = synapse.room(token, alias, partner.name["de"], [each for each, _ in staff])
        for _, staff_token in staff:
            synapse.call("POST", f"/_matrix/client/v3/join/%23{alias}:localhost", {}, staff_token)
        os.environ[partner.channel_env] = f"matrix:{rooms[partner.id]}"
    os.environ |= {"NRWBOT_MATRIX_URL": synapse.url, "NRWBOT_MATRIX_USER": user, "NRWBOT_MATRIX_TOKEN": token}
    listed = "\n".join(f"    {room}" for room in rooms.values())
    print(
        f"\n{LINE}\nStaff: log in with any Matrix client that knows threads (Element, Cinny, Nheko ...)\n"
        f"  Server    {synapse.url}\n"
        f"  Accounts  {', '.join(STAFF)}   password {PASSWORD}\n"
        f"  Rooms, one for each partner (both accounts are in all of them):\n{listed}\n"
        f"Ask for a person on the demonstration page; the case appears in the partner's room as the\n"
        f"beginning of a thread. What you write in the thread reaches the page; !help lists the commands.\n{LINE}\n",
        flush=True,
    )


def _port() -> int:
    """The usual port of Matrix servers, or a free one."""
    for port in (PREFERRED_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SynapseError("There is no free port on this machine.")


if __name__ == "__main__":
    sys.exit(main())
