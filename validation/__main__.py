"""python -m validation: theory against sampled networks.

Exit codes: 0 every verdict ok; 1 a verdict failed; 2 bad input; 3 something did not converge.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from validation.case import Case, quick
from validation.cases import CASES
from validation.folder import require_writable
from validation.report import command_line, write
from validation.table import table
from validation.verdict import Outcome, judge_alone

OK, FAILED, BAD_INPUT, NOT_CONVERGED = range(4)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m validation", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer networks, wider controls")
    parser.add_argument(
        "--case", action="append", metavar="NAME", help="only this case (may be repeated)"
    )
    parser.add_argument(
        "--seed", type=int, default=None, metavar="S", help="another seed for every case"
    )
    parser.add_argument("--device", default="cpu", help="where networks run: cpu, cuda")
    parser.add_argument("--out", type=Path, default=Path("results/validation"), metavar="DIR")
    parser.add_argument(
        "--workers", type=int, default=None, help="processes (default: 2, or 1 on a GPU)"
    )
    options = parser.parse_args(argv)
    names = [case.name for case in CASES]
    for name in options.case or []:
        if name not in names:
            parser.error(f"there is no case {name!r}; the cases are {', '.join(names)}")
    if options.seed is not None and options.seed < 0:
        parser.error(f"--seed must be at least 0, got {options.seed}")
    if options.workers is not None and options.workers < 1:
        parser.error(f"--workers must be at least 1, got {options.workers}")
    problem = _device_problem(options.device)
    if problem:
        parser.error(problem)
    require_writable(parser, options.out)
    return options


def _device_problem(device: str) -> str:
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        return f"--device {device!r} is not available here: use cpu, or cuda on a machine with one"
    return ""


def main(argv: list[str] | None = None) -> int:
    """Run the cases, print the table, write the report."""
    options = parse(argv)
    cases = [c for c in CASES if not options.case or c.name in options.case]
    if options.quick:
        cases = [quick(c) for c in cases]
    if options.seed is not None:
        cases = [replace(c, seed=options.seed) for c in cases]
    workers = options.workers or (1 if options.device != "cpu" else min(2, os.cpu_count() or 1))
    outcomes = _run(cases, options.device, min(workers, len(cases)))
    print(table(outcomes))
    page = write(outcomes, options.out, options.device, command_line())
    print(f"Report: {page}")
    if not all(o.passed for o in outcomes if o.converged):
        return FAILED
    return OK if all(o.converged for o in outcomes) else NOT_CONVERGED


def _run(cases: list[Case], device: str, workers: int) -> list[Outcome]:
    """All outcomes in the declared order, the longest cases started first."""
    first = sorted(cases, key=lambda c: -c.N * (c.burn_in + c.steps) * c.networks)
    done: dict[str, Outcome] = {}
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(workers, mp_context=context) as pool,
        tqdm(total=len(cases), desc="cases", file=sys.stderr) as bar,
    ):
        pending: set[Any] = {pool.submit(judge_alone, case, device) for case in first}
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                outcome = future.result()
                done[outcome.case.name] = outcome
                bar.update()
                verdict = "ok" if outcome.passed else "FAILED"
                bar.write(
                    f"{outcome.case.name}: {verdict}, {outcome.seconds['total']:.0f} s",
                    file=sys.stderr,
                )
    return [done[case.name] for case in cases]


if __name__ == "__main__":
    sys.exit(main())
