"""The declared cases: parameters, sample sizes and bounds.

Bounds follow from errors and the seed was never chosen, but sample sizes were: after pilot runs
with this same seed the numbers of networks and steps were raised until the controls could be told,
and N was doubled and dead networks replaced in the coexistence case. Another ``seed`` is an
independent check.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import rmt_gates as rg

SIGMAS = 3.0  # |theory − simulation| ≤ 3 standard errors of both (Student's t at 3σ's level)


@dataclass(frozen=True)
class Controls:
    """Relative changes of a_h that must be rejected: through averages, through the spectrum."""

    averages: float = 0.03
    spectrum: float = 0.10


@dataclass(frozen=True)
class Case:
    """One point of parameter space, and how it is simulated.

    ``networks`` of N units, and twice as many of N/4, each run for ``burn_in`` + ``steps`` steps
    from ``states`` initial states. Averages are extrapolated from the two sizes to N = ∞, linearly
    in N^-``finite_size_power``, unless ``extrapolate`` is off: then there is only N. The first
    ``spectra`` networks are diagonalised. ``rtol`` is asked of the theory, ``control_rtol`` of the
    wrong theories (their errors are part of what they are rejected by). ``metastable``: small
    networks may leave the branch for a coexisting stable fixed point; those that do are counted,
    reported and replaced. ``torch_module`` : the networks are torch modules of this kind as torch
    initialises them, with uniform weights and biases, not draws of the Gaussian ensemble.
    """

    name: str
    title: str
    model: Any
    start: str = "large"
    kind: str = "chaotic"
    N: int = 1000
    extrapolate: bool = True
    finite_size_power: float = 1.0
    networks: int = 24
    spectra: int = 24
    metastable: bool = False
    torch_module: str | None = None
    states: int = 2
    burn_in: int = 200
    steps: int = 200
    rtol: float = 2e-3
    control_rtol: float | None = None
    controls: Controls = field(default_factory=Controls)
    seed: int = 1

    @property
    def every(self) -> int:
        """Steps between recorded states."""
        return max(1, self.steps // 200)


def torch_default(kind: str, N: int) -> Any:
    """The ensemble of torch's initialisation: every weight and bias uniform in ±1/√N."""
    variance = 1 / 3  # N times that of one weight
    one = {"h": 1, "z": 2, "r": 2, "u": 1} if kind == "GRU" else dict.fromkeys("hfio", 2)
    biases = {f"v_{k}": count * variance / N for k, count in one.items()}
    if kind == "GRU":
        return rg.GRU(
            reset="after", **dict.fromkeys(("a_h", "a_z", "a_r"), variance**0.5), **biases
        )
    return rg.LSTM(**{f"a_{k}": variance**0.5 for k in "hfio"}, **biases)


BIASED = {"b_h": 0.3, "b_z": 0.2, "b_r": 0.5, "v_h": 0.1, "v_z": 0.1, "v_r": 0.2}

LSTM_BIASED = {"b_h": 0.2, "b_f": 0.5, "b_i": 0.3, "b_o": -0.2}
LSTM_BIASED |= {"v_h": 0.05, "v_f": 0.1, "v_i": 0.1, "v_o": 0.2}
# averages of LSTMs scatter by 3 % from network to network of N = 1000, however long they run: many
# networks, few states, and the 2N eigenvalues of as many as the spectrum's control needs
LSTM_SAMPLES: dict[str, Any] = {
    "networks": 24,
    "spectra": 12,
    "states": 3,
    "burn_in": 200,
    "steps": 300,
    "rtol": 5e-3,
    "control_rtol": 2e-2,
}
# A sharp update gate makes a memory of about 1000 steps, and networks of finite N are slower still,
# the more so the older they are (numbers in THEORY.md 5.5): the difference from N = ∞ falls like
# N^-1/2 or slower up to 1000 units. Eight states of a network explore it better than one for long.
SLOW: dict[str, Any] = {
    "states": 8,
    "burn_in": 2000,
    "steps": 2500,
    "finite_size_power": 0.5,
    "control_rtol": 3e-2,
}
# where a_h matters little to E[h²]: the biases make it
DEFAULT_INITIALISATION: dict[str, Any] = {
    "kind": "fixed point",
    "N": 512,
    "extrapolate": False,
    "controls": Controls(averages=0.5, spectrum=0.10),
}

CASES = (
    Case("fig1a", "Fig. 1a", rg.GRU(a_h=3, a_z=1, a_r=10)),
    Case(
        "fig1b",
        "Fig. 1b",
        rg.GRU(a_h=3, a_z=10, a_r=10),
        burn_in=400,
        steps=400,
        networks=32,
        spectra=32,
    ),
    Case("fig1c", "Fig. 1c", rg.GRU(a_h=3, a_z=1, a_r=1), burn_in=400, steps=400),
    Case(
        "fig1d",
        "Fig. 1d",
        rg.GRU(a_h=3, a_z=10, a_r=1),
        networks=24,
        spectra=24,
        rtol=4e-3,
        **SLOW,
    ),
    Case(
        "below",
        "below the transition",
        rg.GRU(a_h=1.5, a_z=1, a_r=1),
        kind="zero",
        extrapolate=False,
    ),
    Case("constant-gate", "constant update gate", rg.GRU(a_h=3, a_r=10)),
    Case(
        "biased",
        "all biases and variances",
        rg.GRU(a_h=2.5, a_z=2, a_r=4, **BIASED),
        networks=80,  # static biases: the averages differ more from network to network
    ),
    Case(
        "coexistence-large",
        "coexistence, chaotic branch",
        rg.GRU(a_h=1.8, a_z=1, a_r=20),
        N=2000,  # near the end of the chaotic branch half of the N = 1000 networks die
        networks=14,
        extrapolate=False,
        metastable=True,
    ),
    Case(
        "coexistence-zero",
        "coexistence, zero branch",
        rg.GRU(a_h=1.8, a_z=1, a_r=20),
        start="zero",
        kind="zero",
        extrapolate=False,
    ),
    Case(
        "no-chaos-large",
        "fixed points, but no chaos: large start",
        rg.GRU(a_h=1.8, a_z=1, a_r=10),
        kind="zero",
        burn_in=800,
        extrapolate=False,
    ),
    Case(
        "no-chaos-zero",
        "fixed points, but no chaos: zero start",
        rg.GRU(a_h=1.8, a_z=1, a_r=10),
        start="zero",
        kind="zero",
        extrapolate=False,
    ),
    Case("vanilla", "vanilla network", rg.Vanilla(a_h=1.5), burn_in=400),
    Case("after-1-10", "GRU, reset after", rg.GRU(a_h=3, a_z=1, a_r=10, reset="after")),
    Case(
        "after-10-1",
        "GRU, reset after, sharp update gate",
        rg.GRU(a_h=3, a_z=10, a_r=1, reset="after"),
        networks=26,
        spectra=26,
        rtol=1e-2,
        **SLOW,
    ),
    Case("fig3a", "LSTM, Fig. 3a", rg.LSTM(a_h=3, a_i=1, a_f=1, a_o=1), **LSTM_SAMPLES),
    Case(
        "fig3b",
        "LSTM, Fig. 3b",
        rg.LSTM(a_h=3, a_i=1, a_f=1, a_o=10),
        **{**LSTM_SAMPLES, "spectra": 18},
    ),
    Case(
        "fig3c",
        "LSTM, Fig. 3c",
        rg.LSTM(a_h=3, a_i=1, a_f=10, a_o=1),
        **{**LSTM_SAMPLES, "networks": 40, "spectra": 26},
    ),
    Case(
        "fig3d",
        "LSTM, Fig. 3d",
        rg.LSTM(a_h=3, a_i=1, a_f=10, a_o=10),
        **{**LSTM_SAMPLES, "networks": 80, "spectra": 34},
    ),
    Case(
        "lstm-biased",
        "LSTM, all biases and variances",
        rg.LSTM(a_h=4, a_i=1, a_f=1.5, a_o=2, **LSTM_BIASED),
        **{**LSTM_SAMPLES, "networks": 48},  # static biases, as above
    ),
    Case(
        "torch-gru",
        "torch.nn.GRU(·, 512) as initialised",
        torch_default("GRU", 512),
        torch_module="GRU",
        **DEFAULT_INITIALISATION,
    ),
    Case(
        "torch-lstm",
        "torch.nn.LSTM(·, 512) as initialised",
        torch_default("LSTM", 512),
        torch_module="LSTM",
        **DEFAULT_INITIALISATION,
    ),
)


def quick(case: Case) -> Case:
    """Fewer networks, and controls as large as they can then tell."""
    large = case.model.name == "LSTM" and case.torch_module is None  # 2N eigenvalues
    few = 5 if case.kind == "zero" or case.N > 1000 else 10  # they tell a_h to a per cent or less
    wider = 3 if case.finite_size_power < 1 else 2  # extrapolation costs accuracy
    return replace(
        case,
        N=case.N // 2 if large else case.N,
        networks=min(case.networks, 30 if large or case.networks > 40 else few),
        spectra=min(case.spectra, 16 if large else few),
        states=min(case.states, 6),
        burn_in=min(case.burn_in, 1500),
        steps=min(case.steps, 1500),
        rtol=2 * case.rtol,
        control_rtol=case.control_rtol and 3 * case.control_rtol,
        controls=Controls(min(wider * case.controls.averages, 0.9), 2 * case.controls.spectrum),
    )
