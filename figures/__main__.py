"""python -m figures NAME [--out DIR] [--quick] [--seed S], or --list.

Writes DIR/NAME.png. Exit codes: 0 done; 2 bad input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from figures import NAMES
from validation.folder import require_writable


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m figures", description="Figures of the papers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to draw: see --list")
    parser.add_argument("--list", action="store_true", help="list the figures")
    parser.add_argument("--out", type=Path, default=Path("results/figures"), metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="smaller networks, fewer points")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default: 0")
    options = parser.parse_args(argv)
    if options.list:
        return options
    if not options.names:
        parser.error(f"name a figure: {', '.join(NAMES)}")
    for name in options.names:
        if name not in NAMES:
            parser.error(f"there is no figure {name!r}; the figures are {', '.join(NAMES)}")
    if options.seed < 0:
        parser.error(f"--seed must be at least 0, got {options.seed}")
    require_writable(parser, options.out)
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Draw and save the figures."""
    options = parse(argv)
    if options.list:
        for name in NAMES:
            about = (import_module(f"figures.{name}").__doc__ or "").splitlines()[0]
            print(f"{name:20s} {about}")
        return 0
    for name in options.names:
        figure = import_module(f"figures.{name}").draw(quick=options.quick, rng=options.seed)
        path = options.out / f"{name}.png"
        about = f"python -m figures {name} --seed {options.seed}" + " --quick" * options.quick
        figure.savefig(path, dpi=200, metadata={"Description": about})
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
