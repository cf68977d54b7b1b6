"""What Rasa makes of training examples is the same with the cheaper handling and without."""

import subprocess
import sys
from pathlib import Path

from bot.settings import PROJECT_ROOT

# in a process of its own, because the handling stays replaced
SCRIPT = """
import sys
from rasa.shared.importers.importer import TrainingDataImporter
if sys.argv[2] == "cheap":
    from bot.examples import handle_examples_cheaply
    handle_examples_cheaply()
importer = TrainingDataImporter.load_from_dict(training_data_paths=[sys.argv[1]])
data = importer.get_nlu_data().merge(importer.get_nlu_data("de"))
print(data.fingerprint(), len(data.training_examples))
"""
PHRASES = """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hello
    - konnichiwa
- intent: tax/vat_id
  examples: |
    - vat number in [Krefeld](place)
    - USt-IdNr.
"""


def test_changes_nothing_of_the_result(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text(PHRASES, encoding="utf-8")
    told = []
    for way in ("cheap", "plain"):
        arguments = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(tmp_path), way]
        run = subprocess.run(arguments, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
        told.append(run.stdout.strip())
    assert told[0] == told[1]
    # four different phrases beside the examples that Rasa adds for its own intents
    assert int(told[0].split()[1]) >= 4


def test_a_copy_is_independent_of_its_origin() -> None:
    script = """
import copy
from rasa.shared.nlu.training_data.message import Message
from bot.examples import handle_examples_cheaply
handle_examples_cheaply()
first = Message({"text": "hello", "intent": "greet"}, output_properties={"intent"})
before = first.fingerprint()
second = copy.deepcopy(first)
assert second == first and second.fingerprint() == before
second.set("intent", "goodbye")
assert first.get("intent") == "greet" and first.fingerprint() == before and second != first
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=PROJECT_ROOT, check=True)
