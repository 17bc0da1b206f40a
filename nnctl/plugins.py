"""Plugins: a Python file of the user's that registers layers, losses, metrics, callbacks, ...

    from nnctl.layers import Layer
    from nnctl.registry import register

    @register("layer")
    class Swish(Layer): ...

`nnctl train spec.yaml --plugin FILE.py` loads it; then the spec may name what it registered. Only the
command line (or a program that calls `load_plugin`) loads code: a spec or a model file never can, so
that one from somebody else is safe to read. A model that holds such a thing needs the plugin again.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from pathlib import Path

from nnctl.errors import ConfigError, MissingInputError
from nnctl.registry import PLACES, known


def load_plugin(path: str | os.PathLike[str]) -> None:
    """Run a plugin's file, which registers what it defines; a file that was loaded before is left alone.

    Raises MissingInputError where there is no such file, ConfigError with its line where it fails.
    """
    file = Path(path).resolve()
    if file.suffix != ".py":
        raise ConfigError(f"--plugin: expected a Python file (.py), got {os.fspath(path)}")
    if not file.is_file():
        raise MissingInputError(f"{os.fspath(path)}: there is no such plugin file")
    name = f"_nnctl_plugin_{file}"  # no import statement can say this name: a plugin hides no module
    if name in sys.modules:
        return
    for kind in PLACES:
        known(kind)  # nnctl's own first: so a name that is taken fails in the plugin
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # the rules of its fields are looked up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ConfigError(f"{_place(error, file)}: {type(error).__name__}: {_reason(error)}") from error


def _place(error: Exception, file: Path) -> str:
    """Return file:line of the last line of the plugin that took part in an error."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f"{file}:{lines[-1]}" if lines else str(file)


def _reason(error: Exception) -> str:
    return str(error.msg) if isinstance(error, SyntaxError) else str(error)
