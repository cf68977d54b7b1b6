"""``python -m actions``: the action server, configured by the settings alone."""

import logging
import os
import sys

from bot.environment import KEPT_SECONDS, prepare_environment, quiet_libraries
from bot.settings import SettingsError, get_settings


def main() -> int:
    """Serve the custom actions until stopped."""
    try:
        settings = get_settings()
    except SettingsError as error:
        print(f"Settings: {error}", file=sys.stderr)
        return 2
    prepare_environment(settings, serving=True)
    # longer than the Rasa server keeps a connection: whoever closes first must not be the one who is asked
    os.environ["SANIC_KEEP_ALIVE_TIMEOUT"] = str(int(2 * KEPT_SECONDS))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")

    from rasa_sdk.endpoint import run

    from actions.turn import knowledge
    from bot.nlu.places import get_gazetteer

    quiet_libraries()
    # read before the first user has to wait for it
    knowledge()
    get_gazetteer()
    run("actions", port=settings.actions_port, cors_origins=[])
    return 0


if __name__ == "__main__":
    sys.exit(main())
