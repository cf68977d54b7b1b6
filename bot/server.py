"""``python -m bot.server``: the Rasa server with the project's channels, configured by the settings alone.

Rasa's own command takes its token as an argument, which everybody on the machine can read; this takes it from the
environment.
"""

import sys

from bot.environment import prepare_environment, quiet_rasa
from bot.settings import PROJECT_ROOT, SettingsError, get_settings
from bot.training import current_model


def main() -> int:
    """Serve the trained model until stopped. Returns 2 when there is no model or a setting is wrong."""
    try:
        settings = get_settings()
    except SettingsError as error:
        print(f"Settings: {error}", file=sys.stderr)
        return 2
    model = current_model()
    if not model.exists():
        print(f"There is no model for the data as they are ({model}). Run script/train.", file=sys.stderr)
        return 2
    token = settings.api_token.get_secret_value()
    if not token:
        print("Settings: api_token is not set. script/server makes one, or set NRWBOT_API_TOKEN.", file=sys.stderr)
        return 2
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    prepare_environment(settings, serving=True)

    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints

    from bot.turns import take_turns_cheaply

    quiet_rasa()
    take_turns_cheaply()
    serve_application(
        model_path=str(model),
        interface=settings.host,
        port=settings.port,
        credentials=str(PROJECT_ROOT / "credentials.yml"),
        cors=[],
        auth_token=token,
        enable_api=True,
        endpoints=AvailableEndpoints.read_endpoints(str(PROJECT_ROOT / "endpoints.yml")),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
