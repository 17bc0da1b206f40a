"""Exceptions become an exit status and a last line `nnctl: error: ...`; here, and nowhere else."""

from __future__ import annotations

import errno
import os
import re
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import click

from nnctl import errors
from nnctl.cli.voice import voice

PLACE_UNUSABLE = (errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EROFS, errno.ELOOP)

LOADER = {  # what the system says where it cannot load a library that is there
    "failed to map segment": "out of memory while libraries are loaded; raise the limit (ulimit -v)",
    "Too many open files": "too many open files while libraries are loaded; raise the limit (ulimit -n)",
}


def run(command: Callable[[], Any]) -> int:
    """Carry a command out and return the exit status; what went wrong has then been said."""
    warnings.showwarning = _tell_warning
    signal.signal(signal.SIGTERM, _terminated)  # so that temporary files are removed on the way out
    try:
        command()
    except click.exceptions.Exit as end:
        return end.exit_code
    except BrokenPipeError:
        return errors.CLOSED_PIPE  # `| head` has seen enough: nothing is wrong
    except BaseException as error:
        return _fail(error)
    return errors.OK


def _fail(error: BaseException) -> int:
    status, text, detail = translate(error)
    if status == errors.BUG or os.environ.get("NNCTL_DEBUG"):
        detail = "".join(traceback.format_exception(error)) + detail
    voice.error(text, status, detail)
    return status


def translate(error: BaseException) -> tuple[int, str, str]:
    """Return the exit status, the last line, and what is to be shown before it."""
    if isinstance(error, errors.SpecError):
        from nnctl.spec import summary

        return error.status, summary(error), str(error)
    if isinstance(error, errors.DataError):
        return error.status, *_several(str(error))
    if isinstance(error, errors.NnctlError):
        return error.status, str(error), ""
    if isinstance(error, click.UsageError):
        return errors.UsageError.status, *_usage(error)
    if isinstance(error, click.ClickException):
        return errors.UsageError.status, error.format_message(), ""
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return 130, "interrupted", ""
    if isinstance(error, MemoryError):
        needed = f" ({error})" if str(error) else ""
        return errors.ReadWriteError.status, f"out of memory{needed}; use a smaller batch_size, or less data", ""
    if isinstance(error, ImportError) and (short := next((LOADER[said] for said in LOADER if said in str(error)), "")):
        return errors.ReadWriteError.status, short, ""
    if isinstance(error, OSError):
        return _os_status(error), f"{error.filename or 'input/output'}: {error.strerror or error}", ""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return errors.BUG, f"this is a bug of nnctl ({what}); please report it with the lines above", ""


def _several(text: str) -> tuple[str, str]:
    """Return the first of several wrong cells, with what to do, as the last line, and all of them before it."""
    first, *others = text.splitlines() or [""]
    if not others:
        return first, ""
    hint = next((line.strip().removeprefix("hint: ") for line in others if line.strip().startswith("hint: ")), "")
    return f"{first}; {hint}" if hint else first, text


def _os_status(error: OSError) -> int:
    if isinstance(error, FileNotFoundError):
        return errors.MissingInputError.status
    if isinstance(error, PermissionError):
        return errors.DeniedError.status
    return (errors.OutputError if error.errno in PLACE_UNUSABLE else errors.ReadWriteError).status


def _usage(error: click.UsageError) -> tuple[str, str]:
    """Return click's words as one of our lines, and the usage to show before it."""
    text = error.format_message().rstrip(".")
    if error.ctx is None:
        return text, ""
    path = error.ctx.command_path
    return f"{text[:1].lower()}{text[1:]} (see  {path} --help)", error.ctx.get_usage()


def _terminated(number: int, frame: Any) -> None:
    raise errors.SignalError("ended by SIGTERM", number)


def _tell_warning(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
    voice.detail(f"{category.__name__}: {message}")


def statuses() -> list[tuple[str, str]]:
    """Return (status, meaning) for the manual, from the tree that errors.py draws."""
    table = {
        str(errors.OK): ["complete"],
        str(errors.BUG): ["a bug of nnctl"],
        str(errors.CLOSED_PIPE): ["the reader of stdout has left"],
    }
    for status, meaning in re.findall(r"── \w+ +(\S+)  (.+)", errors.__doc__ or ""):
        table.setdefault(status, []).append(meaning)
    return [(status, "; ".join(table[status])) for status in sorted(table, key=lambda s: int(s.split("+")[0]))]
