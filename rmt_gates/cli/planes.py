"""``rmt-gates phase-diagram`` and ``scan``: many parameter points."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.output import BadInput, Result, check_writable, number, table
from rmt_gates.cli.quantities import QUANTITIES
from rmt_gates.cli.shared import header
from rmt_gates.scans.identity import origin

LINES = {
    "zero_stability": "zero loses stability",
    "fold": "fold of non-zero fixed points",
    "rest_stability": "rest loses stability (networks with a bias)",
    "sqrt2": "rho = sqrt 2 (end of the marginal region)",
    "tricritical": "tricritical, at critical a_h",
}


def phase_diagram(options: argparse.Namespace) -> Result:
    """Phases over a plane, and the lines between them."""
    if len(options.over) != 2:
        raise BadInput(
            f"phase-diagram needs two parameters with a range, such as --a-h 1:3:200 --a-r 0:30:200"
            f", got {len(options.over)}"
        )
    _check_out(options.out)
    diagram = rg.phase_diagram(options.model, options.over)
    lines = rg.phase_lines(options.model, options.over)
    phases = diagram.phase.attrs["flag_meanings"].split()
    counts = np.bincount(diagram.phase.values.ravel(), minlength=len(phases))
    rows: list[tuple[str, ...]] = [("phase", "points", "share")]
    for phase, count in zip(phases, counts, strict=True):
        if count:
            rows.append((phase.replace("_", " "), str(count), f"{count / counts.sum():.1%}"))
    first, second = lines.fields
    ends: list[tuple[str, ...]] = [("line", f"from ({first}, {second})", "to", "points")]
    for name, meaning in LINES.items():
        for curve in getattr(lines, name):
            end = [f"({number(a)}, {number(b)})" for a, b in curve[[0, -1]]]
            ends.append((meaning, *end, str(len(curve))))
    bad = int(np.isin(diagram.status.values, [rg.Status.NOT_CONVERGED]).sum())
    message = rg.Status.OK.sentence if not bad else f"{bad} fixed points did not converge."
    blocks = [_title(options), table(rows), table(ends) if len(ends) > 1 else "No lines."]
    blocks += [message] if bad else []
    if options.out is not None:
        _save(diagram, options.out)
        blocks.append(f"Dataset: {options.out}")
    data = {
        "phases": dict(zip(phases, counts.tolist(), strict=True)),
        "lines": {name: list(getattr(lines, name)) for name in LINES},
        "out": options.out,
    }

    def draw(ax: Any) -> Any:
        from rmt_gates import plots

        plots.phase_diagram(diagram, lines, ax).set_title(_title(options), fontsize="small")

    return Result({**header(options, not bad, message), **data}, blocks, not bad, draw)


def scan(options: argparse.Namespace) -> Result:
    """One quantity over a grid of parameters, into a store that can be resumed."""
    if not options.over:
        raise BadInput("scan needs a parameter with several values, such as --a-h 1:4:200")
    _check_out(options.out)
    if options.rtol is not None and not 0 < options.rtol < 1:
        raise BadInput(f"--rtol must lie between 0 and 1, got {options.rtol:g}")
    if options.max_seconds is not None and not options.max_seconds > 0:
        raise BadInput(f"--max-seconds must be positive, got {options.max_seconds:g}")
    quantity = QUANTITIES[options.quantity]
    chosen = {name: getattr(options, name) for name in quantity.options}
    function = partial(
        quantity.function, **{name: v for name, v in chosen.items() if v is not None}
    )
    executor = None
    if options.workers > 1:
        from loky import get_reusable_executor

        executor = get_reusable_executor(options.workers)
    if options.missing:
        if options.store is None:
            raise BadInput("--missing needs --store: it tells what a store lacks")
        data = rg.open_scan(options.store)
    else:
        data = rg.scan(
            function,
            options.model,
            options.over,
            vectorized=quantity.vectorized,
            executor=executor,
            store=options.store,
            chunk=options.chunk,
            rng=options.seed if quantity.random else None,
            progress=not options.json and sys.stderr.isatty(),
        )
    if options.out is not None:
        _save(data, options.out)
    return _scanned(options, data, quantity.shown)


def _scanned(options: argparse.Namespace, data: Any, shown: str) -> Result:
    """What is said of a scan's Dataset."""
    status = data.status.values.ravel() if "status" in data else np.full(1, rg.Status.MISSING)
    codes, counts = np.unique(status, return_counts=True)
    rows: list[tuple[str, ...]] = [("status", "points")]
    rows += [(rg.Status(int(c)).name, str(n)) for c, n in zip(codes, counts, strict=True)]
    about = str(data.attrs["model"]) if options.missing else _title(options)
    blocks = [about, table(rows)]
    ranges: dict[str, Any] = {}
    for name, array in data.data_vars.items():
        if name in ("status", "message") or array.dtype.kind != "f":
            continue
        values = array.values[np.isfinite(array.values)]
        if values.size:
            ranges[str(name)] = {"lowest": values.min(), "highest": values.max()}
    if ranges:
        extremes = [(n, number(r["lowest"]), number(r["highest"])) for n, r in ranges.items()]
        blocks.append(table([("quantity", "lowest", "highest"), *extremes]))
    failed = [str(m) for m in np.unique(data.message.values) if m] if "message" in data else []
    blocks += failed[:3]
    places = [f"Store: {options.store}" if options.store else ""]
    places.append(f"Dataset: {options.out}" if options.out else "")
    blocks += [place for place in places if place]
    good = bool(np.all(status == rg.Status.OK))
    message = rg.Status.OK.sentence if good else "; ".join(failed[:3]) or "Some points are missing."
    by_name = {rg.Status(int(c)).name: int(n) for c, n in zip(codes, counts, strict=True)}
    found = {"points": by_name, "ranges": ranges, "store": options.store, "out": options.out}

    def draw(ax: Any) -> Any:
        """The figure of ``--figure``."""
        array = data.get(shown, data.status)
        from rmt_gates import plots

        for dim in array.dims[
            2:
        ]:  # of further parameters the last value; of fixed points the lowest
            array = array.isel({dim: -1 if dim in options.over else 0})
        plots.scan(array, ax)
        ax.set_title(_title(options), fontsize="small")

    return Result({**header(options, good, message), **found}, blocks, good, draw)


def _title(options: argparse.Namespace) -> str:
    """The model, and what varies."""
    fixed = {name: 0.0 for name in options.over if name != "a_h"}  # are not shown
    ranges = [
        f"{name} = {number(v[0])} … {number(v[-1])} ({len(v)})" for name, v in options.over.items()
    ]
    return f"{options.model.replace(**fixed)!r} over {', '.join(ranges)}"


def _check_out(path: str | None) -> None:
    """Refuse, before the work is done, what could not be written."""
    if path is not None:
        if not path.endswith(".nc"):
            raise BadInput(f"--out {path}: the name must end in .nc")
        check_writable("--out", path)


def _save(data: Any, path: str) -> None:
    """As NetCDF 3, which has no complex numbers and no 64-bit integers."""
    data.load().assign_attrs(origin() | data.attrs).to_netcdf(
        path, engine="scipy", format="NETCDF3_64BIT"
    )
