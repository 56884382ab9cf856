"""A process of the server ends with it, whatever it works on: one that was killed closes nothing."""

from __future__ import annotations

import multiprocessing
import os
import threading

__all__ = ["end_with_the_server"]


def end_with_the_server() -> None:
    """End this process once the one that started it has ended; in a process that nobody started, do nothing."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
