"""Every exception of nnctl and the exit status that the command line gives it.

    NnctlError                      (never raised itself)
    ├── ThresholdError           1  --fail-under was not met
    ├── UsageError               2  the command line is wrong
    ├── DivergedError            3  the loss is no longer finite; the best state is kept
    ├── DataError               65  a data file is bad
    ├── ModelFileError          65  a model file is bad
    ├── MissingInputError       66  a file or data set is not there
    ├── DownloadError           69  a download failed
    ├── OutputError             73  the place for the output cannot be used
    ├── ReadWriteError          74  reading or writing failed half-way
    ├── StoppedError            75  stopped in order, a checkpoint is saved
    │   └── LockedError         75  another process holds the run directory
    ├── DeniedError             77  no permission
    ├── ConfigError             78  a value is wrong (also a ValueError, for Python callers)
    │   └── SpecError           78  the same, with places in a YAML file
    ├── MissingExtraError       78  an optional dependency is not installed
    └── SignalError         128+n   ended by a signal: 130 Ctrl-C, 143 SIGTERM

Anything else that escapes is a bug of nnctl: status 70, the only case with a traceback.
This module imports nothing, so that every other one can import it.
"""

from __future__ import annotations

OK = 0
BUG = 70
CLOSED_PIPE = 141


class NnctlError(Exception):
    """A condition that the user can act upon; `status` is the process' exit status."""

    status = BUG


class ThresholdError(NnctlError):
    status = 1


class UsageError(NnctlError):
    status = 2


class DivergedError(NnctlError):
    status = 3


class DataError(NnctlError):
    status = 65


class ModelFileError(NnctlError):
    status = 65


class MissingInputError(NnctlError):
    status = 66


class DownloadError(NnctlError):
    status = 69


class OutputError(NnctlError):
    status = 73


class ReadWriteError(NnctlError):
    status = 74


class StoppedError(NnctlError):
    status = 75


class LockedError(StoppedError):
    pass


class DeniedError(NnctlError):
    status = 77


class ConfigError(NnctlError, ValueError):
    """One or more values break their rule; `problems` holds them all."""

    status = 78

    def __init__(self, message: str, problems: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class SpecError(ConfigError):
    """Problems of a YAML spec, already rendered with file, line, column and source line."""


class MissingExtraError(NnctlError):
    status = 78

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency: run  pip install 'nnctl[{extra}]'")


class SignalError(NnctlError):
    """Ended by a signal after saving what there was to save."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.status = 128 + signal_number


def escape(text: str) -> str:
    """Write out control characters, so that text from a file cannot steer a terminal.

    >>> print(escape("a" + chr(27) + "[31m" + chr(10)))
    a\\x1b[31m\\n
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
