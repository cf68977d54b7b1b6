import os
import subprocess
import sys

import pytest

from bot.settings import PROJECT_ROOT


@pytest.fixture
def nrwbot(folder):
    """Run ``nrwbot knowledge`` on the test's own data folder."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "NRWBOT_DATA_DIR": str(folder.path), "NO_COLOR": "1"}
        command = [sys.executable, "-m", "bot", "knowledge", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=PROJECT_ROOT, check=False)

    return run


@pytest.fixture
def far_reviews(folder):
    """The command looks at today's date, whatever it is."""
    for key in ("company/share_capital", "company/bank_account", "tax/vat", "tax/trade_tax"):
        folder.record(key).update(reviewed_on="2026-01-01", review_by="2099-01-01", volatile=[])


@pytest.mark.usefixtures("far_reviews")
def test_sound_answers_end_with_0(folder, nrwbot, tmp_path):
    folder.write()
    done = nrwbot("check", "--report", str(tmp_path / "report.html"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 to mend, 0 warnings." in done.stdout
    assert (tmp_path / "report.html").exists()


@pytest.mark.usefixtures("far_reviews")
def test_problems_end_with_1_and_are_told(folder, nrwbot):
    folder.record("tax/vat")["related"] = ["tax/vat", "tax/trade_tax"]
    folder.write()
    done = nrwbot("check")
    assert done.returncode == 1
    assert "tax/vat related: The answer points to itself. Name another topic." in done.stdout
    assert "1 to mend, 0 warnings." in done.stdout
    assert nrwbot("check", "--area", "company").returncode == 0


def test_an_unknown_area_and_unreadable_topics_end_with_a_message(folder, nrwbot):
    folder.write()
    done = nrwbot("check", "--area", "wealth")
    assert done.returncode == 2
    assert "There is no area 'wealth'" in done.stderr
    (folder.path / "topics.yml").unlink()
    done = nrwbot("check")
    assert done.returncode == 1
    assert "topics.yml" in done.stderr
    assert "Traceback" not in done.stderr
