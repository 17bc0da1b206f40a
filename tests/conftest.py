"""What every test gets: the same surroundings on every machine.

NNCTL_DATA_DIR, where it is set, points at the large public data sets; tests that need one ask for
the fixture `real_data` and are skipped without it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Pytest would import these in search of doctests: what makes the golden numbers needs Keras, and a plugin
# registers its things for all tests to come.
collect_ignore_glob = ["golden/generate*.py", "golden/reference/*.py", "plugin_of_*.py"]

# The same examples on every run: a test that fails here fails everywhere.
settings.register_profile("nnctl", deadline=None, derandomize=True, database=None)
settings.load_profile("nnctl")

if os.environ.get("NNCTL_DATA_DIR"):
    os.environ["NNCTL_DATA_DIR"] = str(Path(os.environ["NNCTL_DATA_DIR"]).resolve())  # tests change directory


@pytest.fixture(autouse=True)
def same_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide the user's cache, terminal width and colours."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NNCTL_OFFLINE", "1")  # no test but those of downloads asks a network for anything
    monkeypatch.delenv("NNCTL_MIRROR", raising=False)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def real_data() -> Path:
    """Return the folder of the large data sets."""
    folder = os.environ.get("NNCTL_DATA_DIR")
    if not folder:
        pytest.skip("needs the public data sets: set NNCTL_DATA_DIR")
    return Path(folder)
