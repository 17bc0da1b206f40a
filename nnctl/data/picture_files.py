"""Which files a folder of pictures has, in which order, and of which class each is.

As keras.utils.image_dataset_from_directory has it: a subfolder is a class, sorted by name; a class has the
pictures of its folders within too, folder by folder, sorted by name. What begins with a dot is passed over.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nnctl.data.cells import Troubles
from nnctl.data.places import Places, reading
from nnctl.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
PARTS = {"train", "training", "valid", "val", "validation", "test"}
HINT = "remove it, or begin its name with a dot: then it is passed over"


@dataclass
class Found:
    """The files of a source; `labels` names the class of each, None where they are in no subfolders."""

    root: Path
    files: list[Path]
    labels: list[str] | None = None
    classes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The files as text, whatever bytes their names are of."""
        return [as_text(path) for path in self.files]


def find(path: str, places: Places) -> Found:
    """Return the pictures of a folder, of a pattern, or one; raise DataError for what is none of these."""
    root = places.base / os.path.expanduser(path)
    if not root.is_dir():
        files = places.files(path)
        _check(files)
        return Found(root.parent, files)
    folders, files = _content(root)
    if not folders:
        if not any(map(is_picture, files)):
            raise DataError(
                f"{root}: is a directory with no subfolders and no pictures; a folder of pictures has one "
                f"subfolder a class; for a table name a file, or a pattern: '{path.rstrip('/')}/*.csv'"
            )
        _check(files)
        return Found(root, files)
    stray = Troubles()
    for file in filter(is_picture, files):
        stray.add(as_text(file), "is in none of the subfolders, which are the classes", "move it into one")
    stray.finish()
    return _classes(root, folders)


def _classes(root: Path, folders: list[Path]) -> Found:
    if all(folder.name.lower() in PARTS and _content(folder)[0] for folder in folders):
        written = ", ".join(f"{_part(folder.name)}: {folder}" for folder in sorted(folders, key=_part_first))
        raise DataError(f"{root}: its subfolders are parts of the data, not classes; write  {written}")
    found = Found(root, [])
    labels = []
    for folder in folders:
        within = sorted(_walk(folder, found.notes), key=str)
        files = [file for each in within for file in _content(each)[1]]
        found.files += files
        found.classes.append(as_text(folder.name))
        labels += [found.classes[-1]] * len(files)
    _check(found.files)
    if not found.files:
        raise DataError(f"{root}: its {len(folders)} subfolders hold no pictures ({', '.join(SUFFIXES)})")
    counts = Counter(labels)
    if empty := [name for name in found.classes if not counts[name]]:
        found.notes.append(f"{root}: no pictures of class {', '.join(empty)}")
    found.labels = labels
    return found


def _part(name: str) -> str:
    lower = name.lower()
    return "source" if lower.startswith("train") else "test" if lower == "test" else "validation"


def _part_first(folder: Path) -> int:
    return ("source", "validation", "test").index(_part(folder.name))


def _walk(folder: Path, notes: list[str]) -> Iterator[Path]:
    """Yield a folder and those within; links to folders are not followed, which is noted."""
    yield folder
    for inner in _content(folder)[0]:
        if inner.is_symlink():
            notes.append(f"{as_text(inner)}: a link to a folder within a class is not followed")
        else:
            yield from _walk(inner, notes)


def _content(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders and the other things in a folder, each sorted by name."""
    with reading(folder), os.scandir(folder) as entries:
        shown = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
        return ([folder / e.name for e in shown if e.is_dir()], [folder / e.name for e in shown if not e.is_dir()])


def is_picture(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def _check(files: list[Path]) -> None:
    """Raise DataError, naming the first few, where there is something else than pictures."""
    troubles = Troubles()
    for path in files:
        if not is_picture(path):
            troubles.add(as_text(path), f"is no picture ({', '.join(SUFFIXES)})", HINT)
        elif not path.is_file():
            what = "is a link to nothing" if path.is_symlink() else "is no regular file"
            troubles.add(as_text(path), what, HINT)
    troubles.finish()


def as_text(path: Path | str) -> str:
    r"""Return a path as text that can be written anywhere: bytes that are no UTF-8 are spelled out.

    >>> print(as_text(Path(os.fsdecode(b"a\xff.png"))))
    a\xff.png
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")
