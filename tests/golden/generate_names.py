"""Write the public names of real Keras: `python -m tests.golden.generate_names` from the checkout.

Runs in the environment of generate.py; test_names.py compares the registry with what it writes.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import keras

from tests.golden.reference.build import MODULES

FILE = Path(__file__).parent / "keras_names.json"
HELPERS = ("deserialize", "get", "serialize")


def main() -> None:
    names = {
        kind: [name for name, value in inspect.getmembers(module, callable) if name[0] != "_" and name not in HELPERS]
        for kind, module in MODULES.items()
    }
    FILE.write_text(json.dumps({"keras": keras.__version__, "names": names}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
