"""The shape of the house: arrows, heavy libraries, lengths, documentation."""

from __future__ import annotations

import ast
import graphlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nnctl import errors
from nnctl.registry import PLACES, known

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "nnctl").rglob("*.py"))

# A room is a module or a package directly under nnctl/. It may import the rooms of the lines above
# its own, and of its own line as long as no circle comes of it.
LEVELS = [
    ["errors"],
    [
        *("registry", "rules", "findings", "fields", "seeds", "expressions", "templates", "plugins"),
        *("allocation", "cgroups", "threads", "kernels"),
    ],
    ["activations", "initializers", "regularizers", "constraints", "schedules", "losses", "metrics"],
    ["layers", "optimizers"],
    ["model"],
    ["data", "checkpoint"],
    ["training", "callbacks"],
    ["spec", "prediction", "exporting", "onnx_export", "benchmark", "run", "search", "report"],
    ["api", "__init__"],
    ["cli"],
    ["__main__"],
]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
APART = {("data", "checkpoint"), ("checkpoint", "data")}  # a model file is no kind of table
ENGINE = {room for rooms in LEVELS[: LEVEL["model"] + 1] for room in rooms}

# Each heavy library has one home; a trailing star stands for the rest of a module's name.
HOMES = {
    "yaml": "spec",
    "h5py": "checkpoint",
    "pandas": "data",
    "pyarrow": "data",
    "zstandard": "data",
    "pooch": "data",
    "PIL": "data",
    "rich": "cli/console*",
    "click": "cli",
    "numba": "kernels",
    "llvmlite": "kernels",
    "onnx": "onnx_export",
    "threadpoolctl": "threads",
    "matplotlib": "report",
    "optuna": "search",
    "sklearn": "search",
    "tensorboardX": "callbacks",
}
# What the engine may import besides the standard library; pydantic judges the fields of things.
ENGINE_MAY = {"nnctl", "numpy", "numba", "llvmlite", "threadpoolctl", "pydantic", "annotated_types"}


def name_of(path: Path) -> str:
    """'data/csv' for nnctl/data/csv.py and 'data' for nnctl/data/__init__.py."""
    name = path.relative_to(ROOT / "nnctl").with_suffix("").as_posix()
    return name.removesuffix("/__init__")


def room_of(path: Path) -> str:
    return name_of(path).split("/")[0]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything a module imports, late imports included.

    What stands under `if TYPE_CHECKING:` is left out: it is never carried out.
    """
    package = ["nnctl", *path.relative_to(ROOT / "nnctl").parts[:-1]]
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def arrows() -> Iterator[tuple[str, str, str]]:
    """Yield (from room, to room, place) of each import of nnctl by nnctl."""
    for path in MODULES:
        for line, name in imports(path):
            parts = name.split(".")
            if parts[0] != "nnctl" or name == "nnctl.__version__":
                continue
            room = parts[1] if parts[1:] and parts[1] in LEVEL else "__init__"
            if room != room_of(path):
                yield room_of(path), room, f"{path.relative_to(ROOT)}:{line}"


def test_every_room_has_its_level() -> None:
    unknown = sorted({room_of(path) for path in MODULES} - set(LEVEL))
    assert not unknown, f"say in LEVELS of tests/test_house.py where these belong: {unknown}"


def test_imports_point_one_way() -> None:
    wrong = [
        f"{place}: {source} must not import {target}"
        for source, target, place in arrows()
        if LEVEL[target] > LEVEL[source] or (source, target) in APART
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_circle_among_rooms() -> None:
    graph: dict[str, set[str]] = {}
    for source, target, _ in arrows():
        graph.setdefault(source, set()).add(target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as circle:
        pytest.fail("rooms import each other in a circle: " + " <- ".join(circle.args[1]))


@pytest.mark.parametrize("library", HOMES)
def test_heavy_library_is_imported_in_one_place(library: str) -> None:
    home = HOMES[library]
    pattern = re.escape(home[:-1]) + ".*" if home.endswith("*") else re.escape(home) + "(/.*)?"
    strangers = [
        f"{path.relative_to(ROOT)}:{line}: {library} belongs to nnctl/{home}"
        for path in MODULES
        for line, name in imports(path)
        if name.split(".")[0] == library and not re.fullmatch(pattern, name_of(path))
    ]
    assert not strangers, "\n" + "\n".join(strangers)


def test_engine_needs_numpy_and_nothing_else() -> None:
    allowed = ENGINE_MAY | sys.stdlib_module_names
    strangers = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in MODULES
        if room_of(path) in ENGINE
        for line, name in imports(path)
        if name.split(".")[0] not in allowed
    ]
    assert not strangers, "\n" + "\n".join(strangers)


def test_files_are_short() -> None:
    """None above 400 lines; three of four modules under 150."""
    files = [*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "datasets").glob("*.py")]
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in files}
    long = {name: lines for name, lines in lengths.items() if lines > 400}
    assert not long, f"split these: {long}"
    modules = sorted(lines for name, lines in lengths.items() if name.startswith("nnctl/"))
    assert sum(lines < 150 for lines in modules) >= 0.75 * len(modules), modules


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_opens_with_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("kind", PLACES)
def test_registered_things_are_documented(kind: str) -> None:
    """A formula (or, for what computes nothing, a sentence), shapes of layers, and the source."""
    missing = []
    for name, thing in known(kind).items():
        text = inspect.cleandoc(thing.__dict__.get("__doc__") or "")
        first, *rest = text.splitlines() or [""]
        wanted = {
            "a docstring": bool(first),
            "a formula in its first line": kind in ("callback", "data source") or bool(re.search(r"=|~|<-", first)),
            "a line `Shapes  ...`": kind != "layer" or any(line.startswith("Shapes ") for line in rest),
            "a line `Source  ...`": any(line.startswith("Source ") for line in rest),
        }
        missing += [f"{kind} {name} has not {what}" for what, there in wanted.items() if not there]
    assert not missing, "\n" + "\n".join(missing)


@pytest.mark.parametrize("kind", PLACES)
def test_every_field_has_its_sentence(kind: str) -> None:
    bad = [
        f"{kind} {name}.{field.name}"
        for name, thing in known(kind).items()
        for field in thing.fields.values()  # type: ignore[attr-defined]  # every thing is a Thing
        if not field.doc.endswith((".", "?"))
    ]
    assert not bad, f"a sentence ends with a full stop: {bad}"


def readme() -> str:
    return (ROOT / "README.md").read_text()


def test_readme_names_every_command() -> None:
    import click

    from nnctl.cli import main

    assert isinstance(main, click.Group)
    commands = main.list_commands(click.Context(main))
    missing = [name for name in commands if not re.search(rf"\bnnctl {name}\b", readme())]
    assert not missing, f"README.md does not say how to use: {missing}"


def subclasses(cls: type) -> Iterator[type]:
    children: list[type] = type.__subclasses__(cls)
    for child in children:
        yield child
        yield from subclasses(child)


def statuses() -> set[int]:
    """Every status of errors.py; a signal's is 128 + its number: 130 and 143 are the usual ones."""
    classes = set(subclasses(errors.NnctlError)) - {errors.SignalError}
    return {cls.status for cls in classes if cls.__module__ == "nnctl.errors"} | {  # type: ignore[attr-defined]
        errors.OK,
        errors.BUG,
        errors.CLOSED_PIPE,
        130,
        143,
    }


def test_readme_lists_the_exit_statuses_of_errors() -> None:
    """Rows `| 65 | ... |` of the table under the heading 'Exit status'."""
    section = re.split(r"^#+ *Exit status.*$", readme(), flags=re.MULTILINE)[1]
    table = re.split(r"^#", section, flags=re.MULTILINE)[0]
    assert {int(number) for number in re.findall(r"^\| *`?(\d+)`? *\|", table, re.MULTILINE)} == statuses()


def test_docstring_of_errors_draws_the_tree_that_is_there() -> None:
    drawn = dict(re.findall(r"── (\w+) +(\d+)  ", errors.__doc__ or ""))
    real = {cls.__name__: str(cls.status) for cls in subclasses(errors.NnctlError)}  # type: ignore[attr-defined]
    real.pop("SignalError")
    assert drawn == {name: status for name, status in real.items() if hasattr(errors, name)}
