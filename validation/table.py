"""The verdict table for a terminal."""

from __future__ import annotations

from validation.convergence import Convergence
from validation.verdict import Outcome

HEADER = f"{'case':<19}{'quantity':<15}{'theory':>16}{'simulation':>17}{'|Δ|/bound':>11}  verdict"


def with_error(value: float, error: float) -> str:
    """0.35012(14): the error in units of the last digits shown."""
    if not error > 0:
        return f"{value:.6g}"
    digits = 0
    while digits < 8 and error * 10**digits < 9.5:
        digits += 1
    return f"{value:.{digits}f}({round(error * 10**digits)})"


def rows(outcome: Outcome) -> list[str]:
    """One line a check, then one line for the controls."""
    lines = []
    for check in outcome.checks:
        ratio = abs(check.theory - check.simulation) / check.bound if check.bound else 0.0
        lines.append(
            f"{outcome.case.name:<19}{check.name:<15}"
            f"{with_error(check.theory, check.theory_error):>16}"
            f"{with_error(check.simulation, check.simulation_error):>17}"
            f"{ratio:>11.2f}  {'ok' if check.passed else 'FAILED'}"
        )
    for route in dict.fromkeys(c.through for c in outcome.controls):
        some = [c for c in outcome.controls if c.through == route]
        told = "; ".join(
            f"a_h {c.change:+.0%} {_word(c.rejected)} ({c.deviation:.1f})" for c in some
        )
        lines.append(
            f"{outcome.case.name:<19}controls: {route} tells a_h to "
            f"{outcome.resolution[route]:.1%}: {told}"
        )
    if outcome.convergence:
        lines += [f"{outcome.case.name:<19}{line}" for line in convergence(outcome.convergence)]
    if outcome.agreement:
        lines.append(f"{outcome.case.name:<19}{outside(outcome)}")
    if outcome.simulation is not None and outcome.simulation.left:
        lines.append(
            f"{outcome.case.name:<19}{outcome.simulation.left} networks left this branch "
            "for the stable zero state and were replaced"
        )
    if not outcome.converged:
        lines.append(f"{outcome.case.name:<19}not converged: {outcome.message}")
    return lines


def outside(outcome: Outcome) -> str:
    """How many eigenvalues lie outside the curve, how many should, and how far away they are."""
    a = outcome.agreement
    return (
        f"outside the curve: {a['fraction_outside']:.2%} of the eigenvalues (expected "
        f"{a['fraction_expected']:.2%}), {a['distance_mean']:.2g} away on average, "
        f"{a['distance_max']:.2g} at most"
    )


def convergence(study: Convergence) -> list[str]:
    """Scatter and difference by size, with the rates."""
    sizes = ", ".join(map(str, study.sizes))
    scatter, own = (
        ", ".join(f"{v:.2g}" for v in values) for values in (study.scatter, study.own_scatter)
    )
    return [
        f"masses at N = {sizes} scatter by {scatter}: like N^-{with_error(*study.rate)}",
        f"their differences from those of their own units, by {own}: like "
        f"N^-{with_error(*study.own_rate)}",
    ]


def _word(rejected: bool) -> str:
    return "rejected" if rejected else "NOT REJECTED"


def table(outcomes: list[Outcome]) -> str:
    """The whole table, with a last line that counts."""
    lines = [HEADER, "-" * len(HEADER)]
    for outcome in outcomes:
        lines += [*rows(outcome), ""]
    passed = sum(o.passed for o in outcomes)
    lines.append(f"{passed} of {len(outcomes)} cases agree within their bounds.")
    return "\n".join(lines)
