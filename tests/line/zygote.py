"""A process that has imported a node once, and forks one that runs for each line that it reads.

A node is a second of imports and a tenth of a second of work at start. Whoever kills one a
hundred times waits for the work alone; what is killed is a process of its own all the same.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from clearline import wiring  # noqa: F401 - imported once, for all of them
from clearline.cli.serving import serve_forever


def main() -> None:
    """Read `HOME<tab>LOG` lines; fork a node for each and answer with its process id.

    The one before has been killed by then; its journal is free once it is gone.
    """
    child = None
    for line in sys.stdin:
        home, log = line.rstrip("\n").split("\t")
        if child is not None:
            os.waitpid(child, 0)
        child = os.fork()
        if child == 0:
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            null = os.open(os.devnull, os.O_RDONLY)
            for number, target in ((0, null), (1, out), (2, out)):
                os.dup2(target, number)
            os._exit(serve_forever(Path(home)))
        print(child, flush=True)


if __name__ == "__main__":
    main()
