"""Options that commands share, and the forms that their values have."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from nnctl.cli.voice import NORMAL, QUIET, VERBOSE, tell_of_downloads, voice

Command = Callable[..., Any]


class Threshold(NamedTuple):
    """METRIC=X of --fail-under."""

    metric: str
    least: float


class ThresholdType(click.ParamType):
    name = "METRIC=X"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Threshold:
        metric, _, least = str(value).partition("=")
        try:
            return Threshold(metric.strip(), float(least))
        except ValueError:
            self.fail(f"expected a metric and a number, such as accuracy=0.9, got {value!r}", param, ctx)


class DurationType(click.ParamType):
    """3h50m, 90s, 1d; a bare number is seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        parts = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", str(value).strip())
        if not parts or not any(parts.groups()):
            self.fail(f"expected a time such as 3h50m, 90m or 45s, got {value!r}", param, ctx)
        days, hours, minutes, seconds = (float(part or 0) for part in parts.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


class SourceType(click.ParamType):
    """Data as a spec names them: a file, a pattern, '-', a data set's name, or one with options, {NAME: {...}}."""

    name = "DATA"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or not value.startswith("{"):
            return value
        from nnctl.errors import SpecError
        from nnctl.spec import read_value

        try:
            return read_value(value, "DATA")
        except SpecError as error:
            self.fail(f"{value!r} is no YAML: {str(error).splitlines()[0]}", param, ctx)


class OftenType(click.ParamType):
    """A time, such as 90s or 10m, or a number of batches."""

    name = "OFTEN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        text = str(value).strip()
        if text.isdecimal() and int(text) > 0:
            return {"batches": int(text)}
        if text.isdecimal():
            self.fail(f"expected a time such as 10m, or a number of batches >= 1, got {value!r}", param, ctx)
        return {"seconds": DurationType().convert(value, param, ctx)}


def talk(function: Command) -> Command:
    """Add -q, -v and --log-format, which set the voice."""
    quiet = click.option(
        "-q",
        "--quiet",
        "level",
        flag_value=QUIET,
        expose_value=False,
        is_eager=True,
        type=int,
        callback=_set_level,
        help="Say nothing but errors and results.",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        "level",
        flag_value=VERBOSE,
        expose_value=False,
        is_eager=True,
        type=int,
        callback=_set_level,
        help="Say more.",
    )
    form = click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        expose_value=False,
        is_eager=True,
        callback=_set_format,
        help="json: one object a line on stderr.",
    )
    return quiet(verbose(form(function)))


def _set_level(ctx: click.Context, param: click.Parameter, value: int | None) -> None:
    voice.level = NORMAL if value is None else value


def _set_format(ctx: click.Context, param: click.Parameter, value: str) -> None:
    voice.as_json = value == "json"


def data_dir(function: Command) -> Command:
    """Add --data-dir."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Where data sets are looked for first (then $NNCTL_DATA_DIR, the cache, those shipped).",
    )(function)


def offline(function: Command) -> Command:
    """Add --offline; without it, what is downloaded on first use is said."""
    return click.option(
        "--offline",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_set_offline,
        help="Download nothing: a data set that is not at hand is an error.",
    )(function)


def _set_offline(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        os.environ["NNCTL_OFFLINE"] = "1"
    tell_of_downloads()


def threads(function: Command) -> Command:
    """Add --threads, which takes effect before NumPy is imported."""
    return click.option(
        "--threads",
        type=click.IntRange(min=1),
        metavar="N",
        callback=_set_threads,
        is_eager=True,
        help="Threads that compute; default: all at hand, or what OMP_NUM_THREADS says.",
    )(function)


def _set_threads(ctx: click.Context, param: click.Parameter, value: int | None) -> int | None:
    if not ctx.resilient_parsing:
        from nnctl.threads import set_threads

        set_threads(value)
    return value


def plugin(function: Command) -> Command:
    """Add --plugin, which loads the files before anything looks a name up."""
    return click.option(
        "--plugin",
        "plugins",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE.py",
        expose_value=False,
        callback=_load_plugins,
        help="Run a Python file that registers things of yours; may be given again.",
    )(function)


def _load_plugins(ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]) -> None:
    if value and not ctx.resilient_parsing:
        from nnctl.plugins import load_plugin

        for path in value:
            load_plugin(path)


fail_under = click.option(
    "--fail-under", type=ThresholdType(), metavar="METRIC=X", help="Exit with status 1 where the metric is below X."
)
as_json = click.option("--json", "as_json", is_flag=True, help="The result as one JSON object on stdout.")
