"""Verdicts: every bound follows from standard errors; controls must be rejected."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import rmt_gates as rg
from rmt_gates.agreement import edge_of
from validation.case import Case
from validation.checks import Check, Control, size_weights, student
from validation.checks import resolution as resolution_of
from validation.convergence import Convergence, converge
from validation.masses import Masses, compare_masses, mass_checks, mass_controls
from validation.simulation import Simulation, simulate

EDGE = "edge level"
RADIUS = "radius at N"
SETTLED = 1e-8  # E[h²] of a network that has died
DRIFTING = 4.0


@dataclass(frozen=True)
class Outcome:
    """What a case came to. ``resolution``: the relative change of a_h that each route can tell."""

    case: Case
    kind: str
    converged: bool
    message: str
    checks: list[Check]
    controls: list[Control]
    resolution: dict[str, float]
    agreement: dict[str, Any]
    seconds: dict[str, float]
    state: Any = field(repr=False)
    curve: Any = field(repr=False)
    simulation: Simulation | None = field(repr=False)
    masses: Masses | None = field(repr=False)
    convergence: Convergence | None = field(repr=False)

    @property
    def passed(self) -> bool:
        """Every check holds and every control is rejected; never without a simulation."""
        verdicts = [c.passed for c in self.checks] + [c.rejected for c in self.controls]
        return self.simulation is not None and all(verdicts)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without the arrays."""
        names = ("kind", "converged", "message", "resolution", "agreement", "seconds", "passed")
        return {
            **{f.name: getattr(self.case, f.name) for f in fields(self.case)},
            "model": self.case.model.to_dict(),
            **{name: getattr(self, name) for name in names},
            "checks": [asdict(c) for c in self.checks],
            "controls": [asdict(c) for c in self.controls],
            "control_sizes": asdict(self.case.controls),
            "masses": self.masses and self.masses.to_dict(),
            "convergence": self.convergence and self.convergence.to_dict(),
        }


def judge(case: Case, device: str) -> Outcome:
    """Theory, simulation, checks and controls of one case."""
    start = clock = time.monotonic()
    state = rg.steady_state(case.model, start=case.start, rng=case.seed, rtol=case.rtol)
    if not np.isfinite(state.C_h0):  # nothing to compare networks with
        seconds = {"total": time.monotonic() - start}
        return Outcome(
            case,
            state.kind,
            False,
            state.message,
            [],
            [],
            {},
            {},
            seconds,
            state,
            None,
            None,
            None,
            None,
        )
    curve = rg.spectral_curve(state)
    theory_seconds = time.monotonic() - clock
    clock = time.monotonic()
    simulation = simulate(case, device)
    simulation_seconds = time.monotonic() - clock
    clock = time.monotonic()
    agreement = rg.compare(curve, simulation.eigenvalues[case.N], discs=())
    checks = [_kind_check(case, state)]
    if state.kind == "zero":
        checks.append(_died(case, simulation))
    else:
        checks += _average_checks(case, state, simulation)
    checks += [_edge_check(agreement), _radius_check(agreement)]
    controls, resolution, wrong = _controls(case, state, simulation, agreement)
    control_seconds = time.monotonic() - clock
    clock = time.monotonic()
    masses = compare_masses(case, state, simulation) if case.discs else None
    if masses:
        checks += mass_checks(masses)
        more, told = mass_controls(case, state, masses, wrong)
        controls, resolution = controls + more, resolution | told
    mass_seconds = time.monotonic() - clock
    clock = time.monotonic()
    convergence = converge(case, state, masses, device) if masses and case.sizes else None
    checks += convergence.limits if convergence else []
    stationary = abs(simulation.drift) <= DRIFTING or state.kind == "zero"
    message = state.message
    if not stationary:
        message = f"The networks still drift ({simulation.drift:.1f} standard errors): run longer."
    if simulation.left:
        message += f" {simulation.left} networks left the branch and were replaced."
    return Outcome(
        case,
        state.kind,
        bool(state.converged and stationary),
        message,
        checks,
        controls,
        resolution,
        agreement.to_dict(),
        {
            "theory": theory_seconds,
            "simulation": simulation_seconds,
            "controls": control_seconds,
            "masses": mass_seconds,
            "convergence": time.monotonic() - clock,
            "total": time.monotonic() - start,
        },
        state,
        curve,
        simulation,
        masses,
        convergence,
    )


def judge_alone(case: Case, device: str) -> Outcome:
    """`judge` on one BLAS thread: what a worker process runs."""
    import torch

    torch.set_num_threads(1)
    with threadpool_limits(1):
        return judge(case, device)


def simulated(case: Case, simulation: Simulation, name: str) -> tuple[float, float]:
    """Mean and standard error of an average: of N units, or extrapolated to N = ∞."""
    weights = size_weights(case)
    mean = sum(w * simulation.averages[size][name].mean() for size, w in weights.items())
    variance = sum(
        w**2 * simulation.averages[size][name].var(ddof=1) / len(simulation.averages[size][name])
        for size, w in weights.items()
    )
    return float(mean), float(np.sqrt(variance))


def _average_checks(case: Case, state: Any, simulation: Simulation) -> list[Check]:
    checks = []
    for name, (theory, error) in state.averages.items():
        mean, se = simulated(case, simulation, name)
        # at rest an average may be 0 in every network: then rounding is all there is
        bound = max(student(case.networks) * float(np.hypot(se, error)), SETTLED)
        checks.append(Check(name, theory, error, mean, se, bound, abs(theory - mean) <= bound))
    return checks


def _edge_check(agreement: Any) -> Check:
    level, se = agreement.edge_level, agreement.edge_level_error
    bound = student(agreement.networks) * se
    return Check(EDGE, 1.0, 0.0, level, se, bound, abs(level - 1) <= bound)


def _radius_check(agreement: Any) -> Check:
    """One network's radius: the yardstick is the scatter from network to network."""
    theory, mean, spread = (
        agreement.radius_theory,
        agreement.radius_simulated,
        agreement.radius_spread,
    )
    bound = student(agreement.networks) * spread
    return Check(RADIUS, theory, 0.0, mean, spread, bound, abs(theory - mean) <= bound)


def _kind_check(case: Case, state: Any) -> Check:
    same = state.kind == case.kind
    return Check(f"kind is {case.kind}", 1.0, 0.0, float(same), 0.0, 0.0, same)


def _died(case: Case, simulation: Simulation) -> Check:
    left = float(max(v["C_h(0)"].max() for v in simulation.averages.values()))
    return Check("networks die", 0.0, 0.0, left, 0.0, SETTLED, left <= SETTLED)


def _controls(
    case: Case, state: Any, simulation: Simulation, agreement: Any
) -> tuple[list[Control], dict[str, float], dict[float, Any]]:
    """Theories with a wrong a_h, of both signs, against the same simulation.

    One that has no solution is not rejected, and says nothing on the resolution. The last are the
    wrong states by change of a_h, of those that are of the right kind.
    """
    controls: list[Control] = []
    resolution, states = {}, {}

    def wrong(change: float) -> Any:
        return rg.steady_state(
            case.model.replace(a_h=case.model.a_h * (1 + change)),
            start=case.start,
            rng=case.seed + 1,
            rtol=case.control_rtol or case.rtol,
        )

    if state.kind != "zero":
        change = case.controls.averages
        kept = {0.0: _average_checks(case, state, simulation)}
        for sign in (-1, 1):
            other = wrong(sign * change)
            checks = _average_checks(case, other, simulation)
            worst = float(np.max([abs(c.theory - c.simulation) / c.bound for c in checks]))
            controls.append(Control("averages", sign * change, worst, worst > 1))
            if other.kind == state.kind:
                kept[sign * change] = checks
        resolution["averages"] = min(
            resolution_of({at: checks[i].theory for at, checks in kept.items()}, check.bound)
            for i, check in enumerate(kept[0.0])
        )
    change, levels = case.controls.spectrum, {0.0: agreement.edge_level}
    for sign in (-1, 1):
        deviation = np.nan
        other = wrong(sign * change)
        if np.isfinite(other.C_h0):
            level, error = edge_of(
                rg.spectral_curve(other).S(simulation.eigenvalues[case.N]) + 1,
                agreement.fraction_expected,
            )
            deviation = abs(level - 1) / (student(agreement.networks) * error)
            if other.kind == state.kind:
                levels[sign * change], states[sign * change] = level, other
        controls.append(Control("spectrum", sign * change, deviation, deviation > 1))
    resolution["spectrum"] = resolution_of(levels, _edge_check(agreement).bound)
    return controls, resolution, states
