"""Networks sampled by ``rmt-gates spectrum --simulate``, run into the state of the theory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.output import number, table
from rmt_gates.cli.progress import Progress

SHORTEST_BURN_IN = 400
SHORTEST_RUN = 100
EXTENSIONS = 2  # of a run that still drifts, each as long as all before it or longer
RECORDED = 20  # states along a run that enter the one-unit averages
SMALL_START = 1e-2


@dataclass(frozen=True)
class Sampled:
    """Networks of N units, each with N eigenvalues at the end of its run.

    ``eigenvalues`` : (networks, N). ``averages`` : of each network, over its units and over states
    along its run; ``theory`` : the same of the infinite network, with errors. ``steps`` : of each
    run. ``settled`` : whether each is stationary. ``unit`` : the units of the last network, in the
    state that its eigenvalues are taken at.
    """

    N: int
    device: str
    eigenvalues: np.ndarray
    averages: list[dict[str, float]]
    theory: dict[str, tuple[float, float]]
    steps: list[int]
    settled: list[bool]
    unit: Any

    @property
    def radius(self) -> np.ndarray:
        """max|λ| of each network."""
        return np.abs(self.eigenvalues).max(axis=1)

    @property
    def stationary(self) -> bool:
        """Whether all networks are."""
        return all(self.settled)

    @property
    def message(self) -> str:
        """A caveat, or nothing."""
        if self.stationary:
            return ""
        drifting = f"{self.settled.count(False)} of {len(self.settled)} networks"
        return (
            f"{drifting} were still drifting after {max(self.steps)} steps: they may remember for "
            "longer than that, or be leaving this state; take more networks or a larger N."
        )

    def table(self) -> str:
        """One-unit averages of the theory and of each network, and the radius."""
        names = list(self.averages[0])
        rows = [(f"N = {self.N}", *names, "max|λ|", "steps", "stationary")]
        if self.theory:
            rows.append(("theory", *(number(self.theory[n][0]) for n in names), "", "", ""))
        each = zip(self.averages, self.radius, self.steps, self.settled)
        for i, (row, radius, steps, settled) in enumerate(each):
            values = (number(row[n]) for n in names)
            verdict = "yes" if settled else "no"
            rows.append((f"network {i}", *values, number(radius), str(steps), verdict))
        return table(rows)

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        each = zip(self.averages, self.radius, self.steps, self.settled)
        networks = [
            {"averages": row, "radius": radius, "steps": steps, "stationary": settled}
            for row, radius, steps, settled in each
        ]
        pairs = [[[v.real, v.imag] for v in one] for one in self.eigenvalues]
        return {"N": self.N, "device": self.device, "networks": networks, "eigenvalues": pairs}


def simulate(
    state: Any,
    N: int,
    count: int,
    start: str,
    rng: np.random.Generator,
    device: str,
    progress: Progress,
    given: Any = None,
) -> Sampled:
    """Networks with the weight statistics of ``state.model``, in the state that they settle into.

    They start like the theory, from large or small activity; at the zero fixed point they are
    linearised at h = 0. Chaos is forgotten within the window of the theory's autocorrelation,
    which therefore sets the length of the run; a run that still drifts is extended. ``given``, a
    network of a checkpoint, takes the place of sampled ones.
    """
    spectra, averages, steps, settled = [], [], [], []
    for i in range(count):
        with progress.stage(f"network {i + 1} of {count}"):
            network = given or rg.sample_network(state.model, N, rng=rng, device=device)
            recorded, used, good = _settle(network, state, start, rng)
            spectra.append(network.eigenvalues(recorded[-1]))
            averages.append(network.unit(recorded).averages())
            steps.append(used)
            settled.append(good)
            unit = network.unit(recorded[-1])
    theory = getattr(state, "averages", {})
    return Sampled(N, device, np.array(spectra), averages, theory, steps, settled, unit)


def _settle(
    network: Any, state: Any, start: str, rng: np.random.Generator
) -> tuple[Any, int, bool]:
    """(states recorded along the run, steps, stationary)."""
    if state.kind == "fixed point" and float(np.ravel(state.C_h)[0]) == 0:
        return network.initial_state(rng, scale=0.0)[None], 0, True
    window = np.size(state.C_h) - 1
    h = network.initial_state(rng, scale=1.0 if start == "large" else SMALL_START)
    burn_in, length = max(SHORTEST_BURN_IN, window), max(SHORTEST_RUN, window // 4)
    run = network.run(length, h, length // RECORDED, burn_in=burn_in)
    steps = burn_in + length
    for _ in range(EXTENSIONS):
        if run.stationary:
            break
        longer = max(steps, 2 * window)
        run = network.run(longer, run.h, longer // RECORDED)
        steps += longer
    return run.recorded, steps, bool(run.stationary)
