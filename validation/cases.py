"""The declared cases: parameters and sample sizes.

Bounds follow from errors and the seed was never chosen, but sample sizes were: after pilot runs
with this same seed the numbers of networks and steps were raised until the controls could be told,
the changes of a_h were widened where masses tell less than 3 %, and N was doubled and dead networks
replaced in the coexistence case. Another ``seed`` is an independent check.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import rmt_gates as rg
from validation.case import DISCS, Case, Controls

# where the spectrum is a disc around 1/2: of radius 0.375 or 0.45, or about 0.14
AROUND_HALF = ((1.0, 0.3), (1.0, 0.5), (1.0, 0.7), (0.0, 0.5))
CLOSE_TO_HALF = ((1.0, 0.45), (1.0, 0.55), (0.0, 0.45), (0.0, 0.55))


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
    "discs": CLOSE_TO_HALF,
    "levels": (0.3, 0.7),  # N = 512 as it is: away from the edges, which are blurred
}

_DECLARED = (
    Case("fig1a", "Fig. 1a", rg.GRU(a_h=3, a_z=1, a_r=10), sizes=((500, 32), (2000, 6))),
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
        discs=AROUND_HALF,
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
        discs=AROUND_HALF,
    ),
    Case(
        "no-chaos-large",
        "fixed points, but no chaos: large start",
        rg.GRU(a_h=1.8, a_z=1, a_r=10),
        kind="zero",
        burn_in=800,
        extrapolate=False,
        discs=AROUND_HALF,
    ),
    Case(
        "no-chaos-zero",
        "fixed points, but no chaos: zero start",
        rg.GRU(a_h=1.8, a_z=1, a_r=10),
        start="zero",
        kind="zero",
        extrapolate=False,
        discs=AROUND_HALF,
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
    Case(
        "fig3a",
        "LSTM, Fig. 3a",
        rg.LSTM(a_h=3, a_i=1, a_f=1, a_o=1),
        sizes=((500, 24), (2000, 4)),
        **LSTM_SAMPLES,
    ),
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
        controls=Controls(masses=0.06),  # less than others does a_h move these masses
    ),
    Case(
        "fig3d",
        "LSTM, Fig. 3d",
        rg.LSTM(a_h=3, a_i=1, a_f=10, a_o=10),
        **{**LSTM_SAMPLES, "networks": 80, "spectra": 34},
        controls=Controls(masses=0.06),
    ),
    Case(
        "lstm-biased",
        "LSTM, all biases and variances",
        rg.LSTM(a_h=4, a_i=1, a_f=1.5, a_o=2, **LSTM_BIASED),
        **{**LSTM_SAMPLES, "networks": 48},  # static biases, as above
        controls=Controls(masses=0.06),
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
        # torch's biases are uniform, and next to 0 the law of |λ| is that of o'φ(c): not Gaussian's
        **{**DEFAULT_INITIALISATION, "levels": ()},
    ),
)

CASES = tuple(case if case.discs else replace(case, discs=DISCS) for case in _DECLARED)
