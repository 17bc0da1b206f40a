"""What was found wrong, and where: problems with the path of the value they are about."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

from nnctl.errors import ConfigError

Path = tuple[Any, ...]


class Tag(str):
    """A path element that is in the YAML file but not in the name shown: the `Adam` of `{Adam: ...}`."""


class Implied(str):
    """A path element that is shown but not written: the `rate` of `Dropout: 0.2`."""


class LegacyNameWarning(UserWarning):
    """A name of Keras 1 or 2 was used; it works, and the message says today's name."""


@dataclass(frozen=True)
class Problem:
    path: Path
    message: str
    hint: str | None = None
    at_key: bool = False  # the key is wrong, not its value

    def __str__(self) -> str:
        where = show_path(self.path)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} (hint: {self.hint})" if self.hint else text


@dataclass
class Findings:
    """What was found wrong (`errors`) and what was merely old-fashioned (`notices`)."""

    errors: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)

    def error(self, path: Path, message: str, hint: str | None = None, *, at_key: bool = False) -> None:
        self.errors.append(Problem(path, message, hint, at_key))

    def notice(self, path: Path, message: str) -> None:
        self.notices.append(Problem(path, message, at_key=True))

    def finish(self, what: str) -> None:
        """Warn of every notice; raise ConfigError with every error."""
        for notice in self.notices:
            warnings.warn(str(notice), LegacyNameWarning, stacklevel=4)
        if self.errors:
            lines = "; ".join(str(problem) for problem in self.errors)
            raise ConfigError(f"{what}: {lines}", tuple(self.errors))


def show_path(path: Path) -> str:
    """Write a path as users read it.

    >>> show_path(("layers", 2, Tag("Dense"), "units"))
    'layers[2].units'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not isinstance(part, Tag):
            text += f".{part}" if text else str(part)
    return text
