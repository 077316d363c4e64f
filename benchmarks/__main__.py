"""`python -m benchmarks`: measures everything, prints the table and writes it down."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import figures, machine
from benchmarks.run import everything
from benchmarks.sizes import FULL, QUICK

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that runs is ended
    arguments = _arguments()
    on = machine.describe()
    with tempfile.TemporaryDirectory(prefix="resetline-bench-") as folder:
        report = everything(Path(folder), QUICK if arguments.quick else FULL)
    print(f"Measured on {on}.\nThe load generator shared these cores.\n")
    print(figures.table(report.figures))
    print(*(f"\nLeft out: {each}." for each in report.left_out), sep="")
    figures.save(report.figures, arguments.results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="only SQLite and the simulator, briefly"
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, metavar="FILE", help="where the JSON goes"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
