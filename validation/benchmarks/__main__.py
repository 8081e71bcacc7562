"""python -m validation.benchmarks: speed as ratios, measured in one run on one thread.

Every comparison takes turns (A, B, A, B, …) and the fastest turns count, so that a busy machine
slows both sides. Exit codes: 0 every target met; 1 a target missed; 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from types import ModuleType

from validation.benchmarks import (
    curve_fixed_point,
    curve_sampled,
    density,
    eig,
    fixed_points_grid,
    fixed_points_scaling,
    networks,
    phase_diagram,
    scan,
    steady_state,
)
from validation.benchmarks.measurement import HEADER, Measurement
from validation.benchmarks.provenance import load, provenance
from validation.benchmarks.settings import FULL, QUICK, Settings
from validation.benchmarks.timing import one_thread
from validation.folder import require_writable

OK, MISSED = 0, 1

# To add one: a module whose docstring says what it measures, with measure(settings).
MODULES = (
    eig,
    fixed_points_grid,
    fixed_points_scaling,
    curve_fixed_point,
    curve_sampled,
    density,
    phase_diagram,
    scan,
    networks,
    steady_state,
)
BENCHMARKS: dict[str, ModuleType] = {m.__name__.rpartition(".")[2]: m for m in MODULES}


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="python -m validation.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer seeds, without (3, 10, 1)")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    parser.add_argument("--out", type=Path, default=Path("results"), metavar="DIR")
    options = parser.parse_args(argv)
    for name in options.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    if not options.list:
        require_writable(parser, options.out)
    return options


def main(argv: list[str] | None = None, full: Settings = FULL, quick: Settings = QUICK) -> int:
    """Measure, print the table as it grows, write benchmarks.json."""
    options = parse(argv)
    if options.list:
        for name, module in BENCHMARKS.items():
            print(f"{name:<22}{(module.__doc__ or '').splitlines()[0]}")
        return OK
    settings = quick if options.quick else full
    print(HEADER, "-" * len(HEADER), sep="\n", flush=True)
    rows: list[Measurement] = []
    with one_thread():
        command = " ".join(
            ["python -m validation.benchmarks", *(sys.argv[1:] if argv is None else argv)]
        )
        record = provenance(command)
        for name in dict.fromkeys(options.names or BENCHMARKS):
            for row in BENCHMARKS[name].measure(settings):
                rows.append(row)
                print(row.row(), flush=True)
    record |= {
        "load_at_the_end": load(),
        "quick": options.quick,
        "measurements": [row.to_dict() for row in rows],
    }
    path = options.out / "benchmarks.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False, default=float), "utf-8")
    wanted = [row.met for row in rows if row.met is not None]
    print(f"{sum(wanted)} of {len(wanted)} targets met. Record: {path}")
    return OK if all(wanted) else MISSED


if __name__ == "__main__":
    sys.exit(main())
