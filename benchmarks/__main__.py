"""`python -m benchmarks`: measures everything, prints the table and writes it down."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import figures, machine
from benchmarks.run import PARTS, measure
from benchmarks.sizes import FULL, QUICK

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that runs is ended
    arguments = _arguments()
    print(
        f"Measured on {machine.describe()}.\nThe load generator shared these cores.\n", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="resetline-bench-") as folder:
        sizes = QUICK if arguments.quick else FULL
        report = measure(Path(folder), sizes, arguments.only or list(PARTS))
    print(*(f"Left out: {each}." for each in report.left_out), sep="\n")
    figures.save(report.figures, arguments.results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="only SQLite and the simulator, briefly"
    )
    parser.add_argument(
        "--only", action="append", choices=list(PARTS), help="this part alone (may be repeated)"
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, metavar="FILE", help="where the JSON goes"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
