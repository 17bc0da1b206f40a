"""Tasks that may hang, crash or end the process that they run in."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable


def in_child(task: Callable[[], str], seconds: int) -> str:
    """Return what a task answers in a forked child; 'FOUND ...' where it raises, exits, takes longer or crashes."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        answer = "FOUND an exit"
        try:
            signal.alarm(seconds)
            answer = task()
        except BaseException:
            answer = "FOUND " + traceback.format_exc()[-1500:]
        finally:
            os.write(writer, answer.encode("utf-8", "replace"))
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return answer if status == 0 else f"FOUND signal {-status}"
