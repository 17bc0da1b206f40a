"""Take each guard out in turn and see that a test notices: RELIABILITY T03, "testing the tests".

    python tests/endurance/remove_guards.py [PART ...]

With PARTs, such as archive or guard.py:153, only the guards whose place or text has one of them are taken out.

A guard is an `if` that ends in a refusal, each alternative of its condition, and each call of a function that only
refuses. In a process of its own the module is compiled with that one guard open, and the tests of attacks run until
the first one fails. A guard that can be taken out without a failing test is printed, and the status is 1.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py  # noqa: F401 - loaded once, for all the children
import pandas as pd  # noqa: F401
import pytest

import nnctl.model  # noqa: F401 - what is under test here must not be loaded: nnctl.checkpoint, nnctl.data

SECONDS = 600  # for the tests with one guard open
ROOT = Path(__file__).parents[2]
TESTS = {  # those that notice most stand first
    "guard": ["guard", "scout", "model_file", "archive"],
    "strict_json": ["strict_json", "guard"],
    "archive": ["archive"],
    "kind": ["guard", "model_file"],
    "seal": ["state_file", "model_file"],
    "own": ["state_file", "model_file"],
    "keras_config": ["keras_config", "archive"],
    "scout": ["scout"],
    "unpickling": ["unpickling", "cifar", "words"],
}
TESTS = {
    f"nnctl/{folder}/{name}.py": [f"tests/{folder}/test_{test}.py" for test in tests]
    for name, tests in TESTS.items()
    for folder in ["data" if name == "unpickling" else "checkpoint"]
}
CALLS = {"require_hdf5", "survives", "take", "is_own", "check_size", "setrlimit", "alarm", "_limit_memory"}
IN_WORDS = {  # guards that are no `if`
    "nnctl/data/unpickling.py": [("return ALLOWED[module, name]", "return super().find_class(module, name)")],
    "nnctl/checkpoint/strict_json.py": [
        ("object_pairs_hook=_unique_keys, ", ""),
        ("parse_constant=_no_constant, ", ""),
        ("parse_int=_short_int, ", ""),
        (", parse_float=_finite", ""),
    ],
    "nnctl/checkpoint/kind.py": [("os.O_RDONLY | os.O_NONBLOCK", "os.O_RDONLY")],
    "nnctl/checkpoint/archive.py": [("member.read(limit + 1)", "member.read()")],
}
# Each of these stands before another guard that refuses the same files, in other words or at a higher price.
DOUBLE = {
    "'truncated' in reason": "kind.py compares the sizes before the HDF5 library can say so",
    "RLIMIT_CORE": "refuses nothing: a crash of the scout leaves no core file",
    "member.read(limit + 1)": "zipfile stops at the size that the directory claims, which was compared",
}


def sites(tree: ast.AST) -> Iterator[tuple[int, str, ast.AST]]:
    """Yield (line, description, node) of every guard: a whole condition, one alternative of it, or a call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise):
            yield node.lineno, ast.unparse(node.test), node
            if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or):
                yield from ((part.lineno, ast.unparse(part), part) for part in node.test.values)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in CALLS:
                yield node.lineno, ast.unparse(node), node


def without(tree: ast.AST, node: ast.AST) -> ast.AST:
    """Open one guard: its condition is worked out and then does not count."""

    class Opened(ast.NodeTransformer):
        def visit(self, found: ast.AST) -> Any:
            if found is not node:
                return super().generic_visit(found)
            if isinstance(found, ast.If):
                found.test = ast.BoolOp(ast.And(), [found.test, ast.Constant(False)])
                return found
            if isinstance(found, ast.Expr):
                return ast.Pass()
            return ast.BoolOp(ast.And(), [found, ast.Constant(False)])

    return ast.fix_missing_locations(Opened().visit(tree))


def variants(file: str) -> Iterator[tuple[str, Any]]:
    """Yield (description, source or tree) of the module with one guard open."""
    source = (ROOT / file).read_text(encoding="utf-8")
    count = len(list(sites(ast.parse(source))))
    for number in range(count):
        tree = ast.parse(source)
        line, text, node = list(sites(tree))[number]
        yield f"{file}:{line}: {text[:90]}", without(tree, node)
    for old, new in IN_WORDS.get(file, ()):
        assert source.count(old) == 1, f"{file}: {old!r} is there {source.count(old)} times"
        yield f"{file}: {old}", source.replace(old, new)


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from another source."""

    def __init__(self, file: str, code: Any) -> None:
        self.name = file.removesuffix(".py").replace("/", ".")
        self.file, self.code = file, code

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self.name:
            return None
        return importlib.util.spec_from_loader(name, self, origin=str(ROOT / self.file))

    def exec_module(self, module: Any) -> None:
        module.__file__ = str(ROOT / self.file)
        exec(compile(self.code, module.__file__, "exec"), vars(module))


def run_without(file: str, code: Any) -> None:
    """Be the child: run the tests with one guard open."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    signal.alarm(SECONDS)  # a test that hangs, as a command would, has noticed
    sys.meta_path.insert(0, Changed(file, code))
    tests = [test for test in TESTS[file] if (ROOT / test).exists()]
    options = ["-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", "--no-header", "--override-ini=addopts="]
    os._exit(pytest.main([*options, "--import-mode=importlib", *tests]))


def is_noticed(file: str, code: Any) -> bool:
    child = os.fork()
    if child == 0:
        run_without(file, code)
    return os.waitpid(child, 0)[1] != 0


def main() -> None:
    os.chdir(ROOT)
    parts, started, count, unnoticed = sys.argv[1:] or [""], time.monotonic(), 0, 0
    for file in TESTS:
        for text, code in variants(file):
            if not any(part in text for part in parts) or any(double in text for double in DOUBLE):
                continue
            count += 1
            if not is_noticed(file, code):
                unnoticed += 1
                print(f"NOT NOTICED  {text}", flush=True)
    print(f"{count} guards taken out in turn, {unnoticed} not noticed, {time.monotonic() - started:.0f} s")
    sys.exit(bool(unnoticed))


if __name__ == "__main__":
    main()
