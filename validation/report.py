"""What a run leaves behind: verdicts.json with provenance, a figure per case, one HTML page."""

from __future__ import annotations

import base64
import html
import json
import math
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rmt_gates as rg
from validation.drawing import figures
from validation.table import convergence, outside, table, with_error
from validation.verdict import Outcome

SCHEMA = "rmt_gates.validation/2"
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.15rem .8rem;text-align:right}
th{border-bottom:1px solid #888}td:first-child,th:first-child{text-align:left}
.ok{color:#197319}.bad{color:#b30000;font-weight:bold}img{max-width:100%}
section{border-top:1px solid #ccc;margin-top:2rem}code{background:#f3f3f3;padding:0 .3em}
"""


def provenance(device: str, command: str) -> dict[str, Any]:
    """Versions, machine and command."""
    import matplotlib
    import numpy
    import scipy
    import torch

    return {
        "schema": SCHEMA,
        "command": command,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "rmt_gates": rg.__version__,
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "scipy": scipy.__version__,
            "torch": torch.__version__,
            "matplotlib": matplotlib.__version__,
        },
        "platform": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "blas_threads_per_worker": 1,
        "device": device,
    }


def write(outcomes: list[Outcome], out: Path, device: str, command: str) -> Path:
    """verdicts.json, NAME.png and report.html under ``out``; returns the page's path."""
    out.mkdir(parents=True, exist_ok=True)
    origin = provenance(device, command)
    record = {
        **origin,
        "passed": all(o.passed for o in outcomes),
        "converged": all(o.converged for o in outcomes),
        "cases": [o.to_dict() for o in outcomes],
    }
    (out / "verdicts.json").write_text(
        json.dumps(_finite(record), indent=1, ensure_ascii=False, default=float), encoding="utf-8"
    )
    (out / "verdicts.txt").write_text(table(outcomes) + "\n", encoding="utf-8")
    sections = []
    for outcome in outcomes:
        pictures = {}
        for name, figure in figures(outcome).items():
            path = out / f"{outcome.case.name}{name and '-'}{name}.png"
            figure.savefig(path, dpi=100)
            pictures[name or "spectrum and autocorrelation"] = path.read_bytes()
        sections.append(_section(outcome, pictures))
    page = out / "report.html"
    page.write_text(_page(sections, origin, outcomes), encoding="utf-8")
    return page


def _finite(value: Any) -> Any:
    """JSON knows no NaN: null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _section(outcome: Outcome, pictures: dict[str, bytes]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(c.name)}</td><td>{with_error(c.theory, c.theory_error)}</td>"
        f"<td>{with_error(c.simulation, c.simulation_error)}</td><td>{c.bound:.3g}</td>"
        f'<td class="{"ok" if c.passed else "bad"}">{"ok" if c.passed else "failed"}</td></tr>'
        for c in outcome.checks
    )
    controls = "".join(
        f"<tr><td>a_h {c.change:+.0%}, through the {c.through}</td><td>{c.deviation:.2f}</td>"
        f'<td class="{"ok" if c.rejected else "bad"}">'
        f"{'rejected' if c.rejected else 'not rejected'}</td></tr>"
        for c in outcome.controls
    )
    resolution = ", ".join(f"{route}: {value:.1%}" for route, value in outcome.resolution.items())
    case = outcome.case
    images = "\n".join(
        f'<img alt="{name}" src="data:image/png;base64,{base64.b64encode(picture).decode()}">'
        for name, picture in pictures.items()
    )
    more = ". ".join(convergence(outcome.convergence)) + "." if outcome.convergence else ""
    return f"""<section id="{case.name}"><h2>{html.escape(case.title)}</h2>
<p><code>{html.escape(repr(case.model))}</code>, start {case.start}. {html.escape(outcome.message)}
{case.networks} networks of N = {case.N}, {case.burn_in} + {case.steps} steps.
{outcome.seconds["total"]:.0f} s.</p>
{images}
<table><tr><th>quantity</th><th>theory</th><th>simulation</th><th>bound</th><th></th></tr>
{rows}</table>
<table><tr><th>wrong theory</th><th>deviation / bound</th><th></th></tr>{controls}</table>
<p>Smallest change of a_h that would be noticed: {resolution}.
{outside(outcome).capitalize() + "." if outcome.agreement else ""}
{html.escape(more.capitalize())}</p></section>"""


def _page(sections: list[str], origin: dict[str, Any], outcomes: list[Outcome]) -> str:
    passed = sum(o.passed for o in outcomes)
    versions = ", ".join(f"{k} {v}" for k, v in origin["versions"].items())
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>rmt_gates: theory against
simulation</title><style>{STYLE}</style><h1>Theory against simulation</h1>
<p>{passed} of {len(outcomes)} cases agree within their bounds: 3 standard errors of both sides,
for the radius 3 standard deviations from network to network. Red: theory for
infinitely many units. Black: eigenvalues of a sampled network. Averages are extrapolated to
N = ∞ from N and N/4 where both ran. The autocorrelations drawn are those of N units as they are,
and are not judged: networks of finite size are slower than the theory where the memory is long,
and some settle into slow or periodic motion, which lifts the autocorrelation at long lags
(THEORY.md, 5.5).</p>
<p>|λ−1|&lt;R and |λ|&lt;R: the fraction of eigenvalues inside a circle, theory (N = ∞) against
networks; in the figures, above the networks as they are, below the differences that are judged.
The laws compare this over many radii by the largest difference, in standard errors. A
network is a sample of N units, and most of what scatters is that; "own units" compares every
network with the density that follows from its own units, which leaves the equations of the spectrum
alone to be tested, to a per cent of a_h. All discs of a comparison are one family: its bound is the
quantile, at the level of 3σ, of the largest deviation that chance makes.</p>
{"".join(sections)}<section><h2>Provenance</h2><p><code>{html.escape(origin["command"])}</code>,
{origin["time"]}, {versions}, {html.escape(origin["platform"])}, device {origin["device"]},
seed {", ".join(map(str, sorted({o.case.seed for o in outcomes})))}.</p></section></html>"""


def command_line() -> str:
    """How this run was called."""
    return " ".join(["python -m validation", *sys.argv[1:]])
