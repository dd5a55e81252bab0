"""`make bench`, or `python -m tests.bench SUBJECT …`: what Eskertu adds, against a named reference in the same run.

Machines differ and are noisy: quote the ratio, never the figure alone. What each line means: docs/reference/bench.md.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from config.logging import configure_logging
from tests.bench import cameras, clips, deletions, footage, growth, intake, ledger, pages, playback, recorder, weights

SUBJECTS: dict[str, Callable[[Path], None]] = {
    "intake": intake.run,
    "playback": playback.run,
    "deletions": deletions.run,
    "growth": growth.run,
    "ledger": ledger.run,
    "pages": pages.run,
    "weights": weights.run,
    "footage": footage.run,
    "cameras": cameras.run,
    "clips": clips.run,
    "recorder": recorder.run,
}


def main() -> int:
    configure_logging("error", "bench")
    wanted = sys.argv[1:] or list(SUBJECTS)
    if unknown := sorted(set(wanted) - set(SUBJECTS)):
        sys.stderr.write(f"no such subject: {', '.join(unknown)}; choose from {', '.join(SUBJECTS)}\n")
        return 2
    for subject in wanted:
        with tempfile.TemporaryDirectory(prefix=f"eskertu-bench-{subject}-") as folder:
            SUBJECTS[subject](Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
