"""Data sets: list them, download one, look at any data."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import click

from nnctl.cli import console, options, wording
from nnctl.cli.voice import voice
from nnctl.errors import MissingInputError, UsageError, escape
from nnctl.registry import suggest


@click.group(no_args_is_help=False)
def command() -> None:
    """List data sets, download them, look at them."""


@command.command("list")
@options.as_json
@options.data_dir
@options.talk
def list_sets(as_json: bool, data_dir: Path | None) -> None:
    """List the data sets that a spec can name.

    Published sets are downloaded on first use, or by `nnctl data fetch NAME`; synthetic ones are made by code.
    """
    from nnctl.data import Places
    from nnctl.data.listing import available

    sets = available(Places(Path(), data_dir))
    if as_json:
        console.json({"sets": [{**vars(each), "path": str(each.path) if each.path else None} for each in sets]})
        return
    where = {"published": "nnctl data fetch {}", "synthetic": "made by code"}
    rows = [
        (
            each.name,
            each.what,
            wording.size(each.size) if each.size else "",
            each.licence,
            str(each.path) if each.path else where[each.kind].format(each.name),
        )
        for each in sets
    ]
    console.table(("name", "what", "size", "licence", "where"), rows, right=(2,))


@command.command()
@click.argument("name")
@options.data_dir
@options.talk
def fetch(name: str, data_dir: Path | None) -> None:
    """Download the data set NAME into the cache, or into --data-dir.

    What is there already and has the right checksum is not downloaded again. NNCTL_MIRROR names another
    address to get the files from.
    """
    from nnctl.cli.console_download import bars
    from nnctl.cli.voice import tell_of_downloads
    from nnctl.data import fetching
    from nnctl.data.catalog import CATALOG
    from nnctl.data.places import cache_dir

    name = name.replace("-", "_")
    if name not in CATALOG:
        near = suggest(name, CATALOG)
        hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(CATALOG)}"
        raise MissingInputError(f"no data set to download is called {name!r}; {hint}")
    if fetching.offline():
        raise UsageError("NNCTL_OFFLINE is set, which forbids downloads; unset it")
    tell_of_downloads()
    for path in fetching.fetch(name, data_dir or cache_dir(), bars()):
        console.text(str(path))


@command.command()
@click.argument("names", metavar="[NAME]..", nargs=-1)
@click.option("--clear", is_flag=True, help="Remove the caches named, or all of them.")
@options.as_json
@options.talk
def cache(names: tuple[str, ...], clear: bool, as_json: bool) -> None:
    """List the rows of large tables that training keeps on disk, or remove them.

    They are used again by runs with the same data, seed and settings, and removed when none has used them for
    30 days. They are in NNCTL_CACHE_DIR, else beside the downloaded data sets.
    """
    from nnctl.data import row_cache

    root = row_cache.root_dir()
    found = [each for each in row_cache.kept(root) if not names or each.folder.name in names]
    if absent := sorted(set(names) - {each.folder.name for each in found}):
        near = suggest(absent[0], [each.folder.name for each in row_cache.kept(root)])
        raise MissingInputError(f"{root}: has no {absent[0]}" + (f"; did you mean {near!r}?" if near else ""))
    if clear:
        row_cache.remove(root, [each.folder.name for each in found])
    if as_json:
        told = [{"name": each.folder.name, "data": each.source, "bytes": each.size, "used": each.day} for each in found]
        console.json({"folder": str(root), "removed" if clear else "kept": told})
    elif found:
        rows = [(each.folder.name, each.source, wording.size(each.size), each.day) for each in found]
        console.table(("removed" if clear else str(root), "rows of", "size", "last used"), rows, right=(2,))
    else:
        voice.say(f"{root}: keeps no rows")


@command.command()
@click.argument("data", metavar="NAME|SPEC|FILE|FOLDER", type=options.SourceType())
@click.option("-n", "--count", type=click.IntRange(min=1), default=5, metavar="N", help="Rows to show; default: 5.")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="OUT.png", help="Write pictures as a grid.")
@options.as_json
@options.data_dir
@options.offline
@options.talk
def show(data: Any, count: int, out: Path | None, as_json: bool, data_dir: Path | None) -> None:
    """Show shapes, types, ranges, classes, missing values and the first rows of data as they are.

    Of a SPEC, its data.source is shown; a NAME may have options: '{cifar10: {partial: true}}'. Pictures are
    drawn in the terminal, word numbers turned into words.
    """
    from nnctl.data import DataSettings, Places
    from nnctl.data.showing import look

    if isinstance(data, str) and data.lower().endswith((".yaml", ".yml")):
        from nnctl.spec import load

        spec = load(data)
        settings, base = spec.data, spec.base_dir
    else:
        settings, base = DataSettings(source=data), Path()
    seen = look(settings, Places(base, data_dir), 25 if out and count == 5 else count)
    if out:
        if seen.pictures is None:
            raise UsageError(f"-o: {data} holds no pictures, of which a grid could be made")
        from nnctl.data.pictures import save_grid

        save_grid(out, seen.pictures)
        voice.say(f"saved  {out}")
    if as_json:
        console.json(seen.facts)
    else:
        _show(seen, drawn=out is None)


def _show(seen: Any, drawn: bool) -> None:
    console.title(escape(seen.facts["name"]))
    for note in seen.facts["notes"]:
        console.text(escape(note))
    if "columns" in seen.facts:
        _show_table(seen)
        return
    for part in seen.facts["parts"]:
        for line in _part_lines(part):
            console.text(escape(line))
    if drawn and seen.pictures is not None:
        _draw(seen)
    for caption, text in zip(seen.captions, seen.texts, strict=False):
        console.text(f"\n{escape(caption)}: {escape(text)}")
    if seen.rows:
        console.text("\nfirst rows")
    for row in seen.rows:
        console.text("  " + "  ".join(row))


def _part_lines(part: dict[str, Any]) -> list[str]:
    shape = f" of shape {tuple(part['shape'])}" if "shape" in part else ""
    lines = [f"{part['part']}: {wording.plural(part['rows'], 'row')}{shape}, {part['dtype']}"]
    if "min" in part:
        mean = f", mean {part['mean']:.4g}" if "mean" in part else ""
        lines.append(f"  from {part['min']:g} to {part['max']:g}{mean}")
    if "lengths" in part:
        shortest, median, longest = part["lengths"]
        lines.append(f"  {shortest:g} to {longest:g} words a row, half of the rows below {median:g}")
    if part.get("missing"):
        lines.append(f"  {wording.plural(part['missing'], 'value')} missing (not finite)")
    if part.get("classes"):
        shown = [f"{name}: {count:,}" for name, count in list(part["classes"].items())[:20]]
        more = [f"and {len(part['classes']) - 20} more"] if len(part["classes"]) > 20 else []
        lines.append(f"  {len(part['classes'])} classes: {', '.join([*shown, *more])}")
    return lines


def _show_table(seen: Any) -> None:
    console.text(
        f"{wording.plural(seen.facts['rows'], 'row')}, {wording.plural(len(seen.facts['columns']), 'column')}\n"
    )
    cells = []
    for column in seen.facts["columns"]:
        if column["type"] == "number":
            content = f"{column['min']:g} to {column['max']:g}, mean {column['mean']:.4g}"
        else:
            content = ", ".join(f"{text} ({count:,})" for text, count in column["commonest"].items())
        cells.append((column["column"], column["type"], str(column["missing"]), str(column["different"]), content))
    console.table(("column", "type", "missing", "different", "values"), cells, right=(2, 3))
    console.text("\nfirst rows")
    console.table([column["column"] for column in seen.facts["columns"]], seen.rows)


def _draw(seen: Any) -> None:
    """Draw pictures side by side: in colours on a terminal that has them, else in characters."""
    from nnctl.data.pictures import characters, grid, half_blocks

    width = shutil.get_terminal_size().columns
    step = -(-seen.pictures.shape[2] // width)  # of pictures wider than the terminal, every so many points
    pictures = seen.pictures[:, ::step, ::step]
    columns = max(1, (width + 2) // (pictures.shape[2] + 2))
    draw = half_blocks if console.in_colours(sys.stdout) else characters
    for start in range(0, len(pictures), columns):
        some = slice(start, start + columns)
        captions = ", ".join(seen.captions[some])
        console.text("\n" + "\n".join(draw(grid(pictures[some], columns))))
        console.text(escape(captions))
