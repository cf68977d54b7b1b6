"""``python -m bot.training``: trains the assistant if its data changed since the last model.

A model is named by a fingerprint of everything it is made of, so that a model which fits the data is never trained
twice and one that does not fit is never served.
"""

import gc
import hashlib
import sys
import time
import warnings
from pathlib import Path

from bot.environment import prepare_environment, quiet_rasa
from bot.settings import PROJECT_ROOT, SettingsError, get_settings

MODELS = PROJECT_ROOT / "models"
KEPT_MODELS = 3
# what a model is made of, relative to the project's root; data/ is the setting data_dir
SOURCES = ("config.yml", "domain.yml", "bot/nlu", "bot/policies", "bot/knowledge", "requirements/runtime.txt")
DATA_SOURCES = ("nlu", "rules", "knowledge", "responses", "directory", "topics.yml")


def fingerprint() -> str:
    """Hexadecimal digest over all files that decide what a model becomes, and the encoder in use."""
    settings = get_settings()
    digest = hashlib.sha256(settings.encoder.encode())
    roots = [PROJECT_ROOT / name for name in SOURCES] + [settings.data_dir / name for name in DATA_SOURCES]
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.name.encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def current_model() -> Path:
    """Where the model for the data as they are now lies, whether it is there or not."""
    return MODELS / f"{fingerprint()}.tar.gz"


def train(output: Path | None = None) -> Path:
    """Train on the project's data and return the model's path; the oldest models are removed.

    ``output``: a path to write to instead, for tests and benchmarks.
    """
    prepare_environment(get_settings())
    target = output or current_model()

    import rasa.model_training

    from bot.examples import handle_examples_cheaply

    quiet_rasa()
    handle_examples_cheaply()
    # it looks for the very class, not for ours that extends it
    warnings.filterwarnings("ignore", message="'RulePolicy' is not included", category=UserWarning)
    # nothing that a training makes is thrown away before its end; looking for it again and again takes a tenth of it
    gc.disable()
    try:
        result = rasa.model_training.train(
            domain=str(PROJECT_ROOT / "domain.yml"),
            config=str(PROJECT_ROOT / "config.yml"),
            training_files=[str(get_settings().data_dir)],
            output=str(target.parent),
            force_training=True,
            fixed_model_name=target.name.removesuffix(".tar.gz"),
        )
    finally:
        gc.enable()
    if result.code != 0 or not target.exists():
        raise RuntimeError("Training failed; the lines above say why.")
    if output is None:
        for old in sorted(MODELS.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)[:-KEPT_MODELS]:
            old.unlink()
    return target


def main() -> int:
    """Train when needed, and say so. Returns 2 when a setting is wrong."""
    try:
        model = current_model()
    except SettingsError as error:
        print(f"Settings: {error}", file=sys.stderr)
        return 2
    if model.exists():
        print(f"The model fits the data: {model.relative_to(PROJECT_ROOT)}.")
        return 0
    print("The data changed: training the assistant (about a minute) ...", flush=True)
    started = time.monotonic()
    train()
    print(f"Trained in {time.monotonic() - started:.0f} s: {model.relative_to(PROJECT_ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
