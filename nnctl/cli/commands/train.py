"""Train the network of a spec, and leave a run directory."""

from __future__ import annotations

import glob
import json
import os
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from nnctl.cli import console, options, thresholds, wording
from nnctl.cli.voice import voice


@click.command()
@click.argument("spec")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="The run directory; default: runs/NAME.")
@click.option(
    "--set", "overrides", multiple=True, metavar="K=V", help="Another value: optimizer.Adam.learning_rate=0.01."
)
@click.option("--data", metavar="PATH", type=options.SourceType(), help="Another data.source.")
@click.option("--epochs", type=int, metavar="N", help="Another fit.epochs.")
@click.option("--batch-size", type=int, metavar="N", help="Another fit.batch_size.")
@click.option("--seed", type=int, metavar="N", help="Another seed.")
@click.option("--resume", is_flag=True, help="Go on where the run stopped; start where there is none.")
@click.option("--overwrite", is_flag=True, help="Replace the run that is there.")
@click.option("--max-time", type=options.DurationType(), metavar="3h50m", help="Stop in time, with status 75.")
@click.option(
    "--save-every",
    type=options.OftenType(),
    metavar="5m|N",
    help="Save a checkpoint that often, or every N batches; default: 5m, and at the ends of epochs.",
)
@click.option("--no-cache", is_flag=True, help="Keep no rows on disk: read the data again in every epoch.")
@options.fail_under
@options.as_json
@options.plugin
@options.data_dir
@options.offline
@options.threads
@click.option(
    "--deterministic", is_flag=True, help="The same bits for any --threads: products are cut by their shapes alone."
)
@options.talk
def command(
    spec: str,
    out: Path | None,
    overrides: tuple[str, ...],
    data: Any,
    epochs: int | None,
    batch_size: int | None,
    seed: int | None,
    resume: bool,
    overwrite: bool,
    max_time: float | None,
    save_every: dict[str, Any] | None,
    no_cache: bool,
    fail_under: options.Threshold | None,
    as_json: bool,
    data_dir: Path | None,
    threads: int | None,
    deterministic: bool,
) -> None:
    """Train what SPEC says.

    The run directory holds model.h5, which alone is enough to evaluate and predict on raw data, the resolved
    spec, the numbers of every epoch, and a checkpoint to go on from.
    """
    if resume and overwrite:
        raise click.UsageError("--resume and --overwrite exclude each other", click.get_current_context())
    if deterministic:
        from nnctl.threads import set_threads

        set_threads(threads, deterministic=True)
    source = _source(data) if data else None
    cache = "none" if no_cache else None
    fit = {"fit.epochs": epochs, "fit.batch_size": batch_size}
    shortcuts = {"data.source": source, "data.cache": cache, **fit, "seed": seed}
    given = [f"{key}={json.dumps(value)}" for key, value in shortcuts.items() if value is not None]

    from nnctl.cli.progress import display
    from nnctl.run import train
    from nnctl.run.saving import Often
    from nnctl.spec import load

    loaded = load(spec, [*overrides, *given])
    for notice in loaded.notices:
        voice.say(notice)
    if fail_under:
        columns = ["loss", *(metric.column for metric in loaded.metrics)]
        thresholds.check_name(fail_under, [*columns, *(f"val_{name}" for name in columns)])
    with display() or nullcontext() as shown:
        result = train(
            loaded,
            out=out,
            data_dir=data_dir,
            resume=resume,
            overwrite=overwrite,
            max_time=max_time,
            often=Often(**save_every or {}),
            display=shown,
            say=voice.say,
            command=["nnctl", *sys.argv[1:]],
        )
    last = {name: values[-1] for name, values in result.history.items() if values}
    if as_json:
        console.json(
            {
                "run": str(result.directory),
                "model": str(result.directory / "model.h5"),
                "epochs": len(result.epochs),
                "last": last,
                "test": result.test,
            }
        )
    _tell(result, loaded)
    if fail_under:
        measured = {**last, **(result.test or {})}
        where = "on the test rows" if fail_under.metric in (result.test or {}) else "after the last epoch"
        thresholds.check(fail_under, measured, f"{where} (the run is kept in {result.directory})")


def _source(data: Any) -> Any:
    """Return --data as the spec is to have it: paths start here, not beside the spec; names stay names."""
    if not isinstance(data, str):
        return data
    return os.path.abspath(data) if data != "-" and (glob.glob(data) or os.path.exists(data)) else data


def _tell(result: Any, spec: Any) -> None:
    """Say what the run came to and what to do next."""
    model = shlex.quote(str(result.directory / "model.h5"))
    for note in result.notes:
        voice.detail(note)
    if result.test:
        voice.say(f"test   {wording.logs(result.test)}")
    voice.say(f"saved  {model}")
    raw = _raw_data(spec)
    voice.say("next   " + f"nnctl evaluate {model}{'' if result.test else ' ' + raw}")
    voice.say("       " + f"nnctl predict {model} {raw} -o predictions.csv")


def _raw_data(spec: Any) -> str:
    """Return data that the trained model can be tried on: those of the spec, as seen from here."""
    source = spec.data.source
    if isinstance(source, dict):
        return shlex.quote(json.dumps(source))
    if not isinstance(source, str) or source == "-":
        return "DATA"
    path = spec.base_dir / source
    folder = os.sep if path.is_dir() else ""  # `digits` would be the data set of that name
    return shlex.quote(_from_here(path) + folder if path.exists() else source)


def _from_here(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except FileNotFoundError:  # the current directory has been deleted
        return str(path)
