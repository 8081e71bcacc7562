"""What a case of validation declares: parameters, sample sizes and what must be told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

DISCS = ((1.0, 0.3), (1.0, 0.6), (1.0, 1.0), (0.0, 0.5), (0.0, 0.9))
SIGMAS = 3.0  # |theory − simulation| ≤ 3 standard errors of both (Student's t at 3σ's level)


@dataclass(frozen=True)
class Controls:
    """Relative changes of a_h that must be rejected: through averages, through the edge of the
    spectrum, through the masses on the networks' own units."""

    averages: float = 0.03
    spectrum: float = 0.10
    masses: float = 0.03


@dataclass(frozen=True)
class Case:
    """One point of parameter space, and how it is simulated.

    ``networks`` of N units, and twice as many of N/4, each run for ``burn_in`` + ``steps`` steps
    from ``states`` initial states. Averages are extrapolated from the two sizes to N = ∞, linearly
    in N^-``finite_size_power``, unless ``extrapolate`` is off: then there is only N. The first
    ``spectra`` networks of N are diagonalised, and twice as many of N/4. ``rtol`` is asked of the
    theory, ``control_rtol`` of the
    wrong theories (their errors are part of what they are rejected by). ``metastable``: small
    networks may leave the branch for a coexisting stable fixed point; those that do are counted,
    reported and replaced. ``torch_module`` : the networks are torch modules of this kind as torch
    initialises them, with uniform weights and biases, not draws of the Gaussian ensemble.

    ``discs``, pairs (center, radius): where enclosed masses are compared, () for no masses;
    ``levels``: the masses at which the laws of |λ−1| and |λ| are; ``theory_units`` samples of
    ``theory_samples`` units: their scatter is the error of the theory's masses; ``sizes``, pairs
    (N, networks): more sizes, at which the convergence of the masses is measured.
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
    discs: tuple[tuple[float, float], ...] = ()
    levels: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)
    theory_units: int = 4  # even
    theory_samples: int = 10_000
    sizes: tuple[tuple[int, int], ...] = ()
    controls: Controls = field(default_factory=Controls)
    seed: int = 1

    @property
    def every(self) -> int:
        """Steps between recorded states."""
        return max(1, self.steps // 200)


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
        burn_in=min(case.burn_in, 1400),
        steps=min(case.steps, 1400),
        rtol=2 * case.rtol,
        control_rtol=case.control_rtol and 3 * case.control_rtol,
        discs=() if case.finite_size_power < 1 else case.discs[1::2][:2],  # slow units take long
        levels=(),
        sizes=(),
        theory_samples=2_500,
        controls=Controls(
            min(wider * case.controls.averages, 0.9),
            2 * case.controls.spectrum,
            5 * case.controls.masses,
        ),
    )
