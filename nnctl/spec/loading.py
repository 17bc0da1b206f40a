"""From a file to a `Spec`: read, include, override, interpolate, validate, check the parts together."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nnctl.fields import INVALID
from nnctl.findings import Findings
from nnctl.spec.against_data import problems_before_reading
from nnctl.spec.checks import cross_check
from nnctl.spec.diagnostics import Diagnostic, escape, in_order, spec_error
from nnctl.spec.include import read_all, resolve_includes
from nnctl.spec.nodes import Node, Source, plain
from nnctl.spec.overrides import apply
from nnctl.spec.reader import decode, read
from nnctl.spec.references import interpolate
from nnctl.spec.sections import Spec, diagnose, is_file_name


def load(
    path: str | os.PathLike[str], overrides: Sequence[str] = (), *, environ: Mapping[str, str] | None = None
) -> Spec:
    """Read and check a spec.

    `overrides` are `--set` options: "fit.epochs=3", "layers.2.units=64". Relative paths in the spec
    start at the directory of `path`. Raises SpecError with every problem found, MissingInputError,
    DeniedError.
    """
    problems: list[Diagnostic] = []
    root = read_all(Path(path), os.fspath(path), problems)
    spec = _finish(root, problems, overrides, environ, Path(path))
    spec.path = Path(path)
    return spec


def loads(
    text: str | bytes,
    name: str = "spec.yaml",
    overrides: Sequence[str] = (),
    *,
    base_dir: Path = Path(),
    environ: Mapping[str, str] | None = None,
) -> Spec:
    """Like `load`, of text at hand; `name` is what messages call it."""
    problems: list[Diagnostic] = []
    source = decode(text.encode() if isinstance(text, str) else text, name)
    root = resolve_includes(read(source, problems), base_dir / name, problems)
    return _finish(root, problems, overrides, environ, base_dir / name)


def read_value(text: str, name: str) -> Any:
    """Return one YAML value, such as `{cifar10: {partial: true}}`; raise SpecError where it is none."""
    problems: list[Diagnostic] = []
    node = read(Source(name, text, is_file=False), problems)
    if problems:
        raise spec_error(problems)
    return plain(node)


def _finish(
    root: Node,
    problems: list[Diagnostic],
    overrides: Sequence[str],
    environ: Mapping[str, str] | None,
    path: Path,
) -> Spec:
    root = apply(root, overrides, problems)
    root, blind = interpolate(root, os.environ if environ is None else environ, problems)
    findings = Findings()
    given = plain(root)
    given.setdefault("name", path.stem if is_file_name(path.stem) else "spec")
    values = Spec.parse(given, findings, ())
    spec = Spec.__new__(Spec)
    spec.tree, spec.base_dir = root, path.parent
    if not findings.errors:
        spec._fill(values, findings, ())
    # A value that its reference could not give is no second mistake.
    found = [d for d in (diagnose(root, p) for p in findings.errors) if d.place not in blind]
    sound = {name: value for name, value in values.items() if not _spoilt(value)}
    found += [diagnose(root, p) for p in cross_check(sound)]
    if all(name in sound for name in ("layers", "loss", "data")) and sound["layers"]:
        early = problems_before_reading(sound["layers"], sound["loss"], sound["data"], path.parent)
        found += [diagnose(root, p) for p in early]
    if problems or found:
        raise spec_error([*problems, *found])
    spec.notices = _notices(root, findings)
    return spec


def _spoilt(value: object) -> bool:
    return value is INVALID or (isinstance(value, tuple) and INVALID in value)


def _notices(root: Node, findings: Findings) -> tuple[str, ...]:
    """Render the notices, one for each old name however often it is used."""
    ordered = in_order(diagnose(root, p) for p in findings.notices)
    first = {d.message: d for d in reversed(ordered)}
    return tuple(f"{d.where}: notice: {escape(d.message)}" for d in in_order(first.values()))
