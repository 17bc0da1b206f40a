"""The wheel: what it holds, and that it trains where nothing of this checkout is in sight.

.ci/run does the same in an environment of its own, with runtime dependencies only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

TINY = """
data: {source: iris, target: species, scale: standard}
layers: [{Dense: {units: 3, activation: softmax}}]
loss: sparse_categorical_crossentropy
optimizer: SGD
fit: {epochs: 1, batch_size: 50}
"""


def version() -> str:
    (found,) = re.findall(r'^__version__ = "(.+)"$', (ROOT / "nnctl/__init__.py").read_text(), re.MULTILINE)
    return str(found)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_code_data_sets_and_specs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside, pattern in (
        ("nnctl", "nnctl", "*.py"),
        ("datasets", "nnctl/_datasets", "*.csv*"),
        ("specs", "nnctl/_specs", "*.yaml"),
    ):
        wanted = {f"{inside}/{path.relative_to(ROOT / folder)}" for path in (ROOT / folder).rglob(pattern)}
        assert wanted
        assert wanted <= names
    assert not [name for name in names if not name.startswith(("nnctl/", f"nnctl-{version()}.dist-info/"))]


def test_wheel_trains_a_shipped_data_set_by_name(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    zipfile.ZipFile(wheel).extractall(site)
    elsewhere.mkdir()
    (elsewhere / "tiny.yaml").write_text(TINY)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("NNCTL_DATA_DIR", None)

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)

    assert python("-c", "import nnctl; print(nnctl.__file__)").stdout.startswith(str(site))
    done = python("-m", "nnctl", "train", "tiny.yaml")
    assert done.returncode == 0, done.stderr
    assert (elsewhere / "runs/tiny/model.h5").stat().st_size > 0


def test_extra_all_is_every_extra_but_the_tests() -> None:
    extras = PROJECT["optional-dependencies"]
    (text,) = extras["all"]
    assert set(re.findall(r"\w+", text)) == {"nnctl", *extras} - {"all", "test"}


def test_dependencies_have_lower_bounds_only() -> None:
    for requirement in PROJECT["dependencies"]:
        assert re.fullmatch(r"[\w-]+>=[\d.]+", requirement)


def test_changelog_names_the_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == version()
