#!/usr/bin/env python3
"""Two builds of kolumn side by side on one topic: how fast each is, stage by stage, as `kolumn perf` has it.

    scripts/side-by-side.py target/release/kolumn target/x86_64-unknown-linux-musl/release/kolumn orders -b localhost:9092 -v json:...

What stands behind the two programs is what `kolumn perf` is given. They run in turns, so that whatever else the machine does falls on
both; the figures are those of the median run. The musl build is to be within a tenth of the other.
"""

import json
import statistics
import subprocess
import sys

ROUNDS = 5


def measure(program, arguments):
    """Each stage of one run: records per second, and processor time per record in nanoseconds."""
    run = subprocess.run([program, "perf", "--json", *arguments], check=True, capture_output=True, text=True)
    stages = map(json.loads, run.stdout.splitlines())
    return {stage["stage"]: (stage["rows_per_second"], stage["processor_seconds_per_million"] * 1e3) for stage in stages}


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    programs, arguments = sys.argv[1:3], sys.argv[3:]
    runs = {program: [] for program in programs}
    for _ in range(ROUNDS):
        for program in programs:
            runs[program].append(measure(program, arguments))

    def median(program, stage, figure):
        return statistics.median(run[stage][figure] for run in runs[program])

    first, second = programs
    print(f"{'stage':<8}  {'records/s':>12}  {'records/s':>12}  {'ratio':>6}  {'ns/record':>9}  {'ns/record':>9}  {'ratio':>6}")
    for stage in runs[first][0]:
        rates = [median(program, stage, 0) for program in programs]
        nanos = [median(program, stage, 1) for program in programs]
        print(
            f"{stage:<8}  {rates[0]:>12,.0f}  {rates[1]:>12,.0f}  {rates[1] / rates[0]:>6.2f}"
            f"  {nanos[0]:>9.0f}  {nanos[1]:>9.0f}  {nanos[1] / nanos[0]:>6.2f}"
        )


if __name__ == "__main__":
    main()
