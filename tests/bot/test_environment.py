"""What is set before the libraries are loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.environment import AVX512, has_avx512
from bot.settings import PROJECT_ROOT

OLD = "fpu sse2 avx2"
SCRIPT = """
from bot.environment import prepare_environment
from bot.settings import get_settings
prepare_environment(get_settings())
import numpy
from threadpoolctl import threadpool_info
print([each["architecture"] for each in threadpool_info() if each["internal_api"] == "openblas"])
"""


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([f"{OLD} {' '.join(AVX512)}"] * 2, True),
        ([f"{OLD} {' '.join(AVX512)}", OLD], False),
        ([OLD], False),
        ([], False),
    ],
)
def test_every_processor_must_have_the_instructions(tmp_path: Path, flags: list[str], expected: bool) -> None:
    description = tmp_path / "cpuinfo"
    description.write_text("".join(f"processor\t: 0\nflags\t\t: {each}\n\n" for each in flags), encoding="ascii")
    assert has_avx512(description) is expected


def test_no_description_no_instructions(tmp_path: Path) -> None:
    assert not has_avx512(tmp_path / "missing")


@pytest.mark.skipif(not has_avx512(), reason="this processor does not have them")
def test_linear_algebra_uses_them() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert "Haswell" not in run.stdout
    assert "SkylakeX" in run.stdout
