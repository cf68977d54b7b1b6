"""What Rasa and the libraries below it need to find in the environment before they are imported."""

import logging
import os
import warnings

from bot.settings import PROJECT_ROOT, Settings

# seconds that the Rasa server keeps a connection to the action server for the next turn
KEPT_SECONDS = 60.0


def prepare_environment(settings: Settings, *, serving: bool = False) -> None:
    """Set the variables that ``endpoints.yml`` refers to, silence TensorFlow, and keep Rasa from reporting usage.

    ``serving``: one thread for linear algebra. A single message is too small to share, and threads that wait for each
    other take the processor from the other processes.
    """
    if serving:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # nothing here runs on it; looking for it costs start-up time
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ["SQLALCHEMY_SILENCE_UBER_WARNING"] = "1"
    os.environ["NRWBOT_RASA_ACTION_URL"] = f"http://{settings.actions_host}:{settings.actions_port}/webhook"
    os.environ["NRWBOT_RASA_TRACKER_URL"] = settings.tracker_store_url
    os.environ["SANIC_HOST"] = settings.actions_host
    os.chdir(PROJECT_ROOT)
    warnings.filterwarnings("ignore")


def quiet_rasa() -> None:
    """Let Rasa log warnings and errors only: below that level it writes down what users say."""
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(log_level=logging.WARNING, warn_only_once=True)
    configure_structlog(logging.WARNING)
    quiet_libraries()


def quiet_libraries() -> None:
    """Keep the log free of what libraries tell the developers of each other.

    To be called once they are imported: Sanic lets such warnings through again, and has one for every message of a
    web socket.
    """
    warnings.filterwarnings("ignore", category=DeprecationWarning)
