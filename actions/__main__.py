"""``python -m actions``: the action server, configured by the settings alone."""

import logging
import sys

from bot.environment import prepare_environment
from bot.settings import SettingsError, get_settings


def main() -> int:
    """Serve the custom actions until stopped."""
    try:
        settings = get_settings()
    except SettingsError as error:
        print(f"Settings: {error}", file=sys.stderr)
        return 2
    prepare_environment(settings, serving=True)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")

    from rasa_sdk.endpoint import run

    from actions.turn import knowledge
    from bot.nlu.places import get_gazetteer

    # read before the first user has to wait for it
    knowledge()
    get_gazetteer()
    run("actions", port=settings.actions_port, cors_origins=[])
    return 0


if __name__ == "__main__":
    sys.exit(main())
