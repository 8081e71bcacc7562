"""How far given weight matrices are from an ensemble of independent entries.

The theory needs of each matrix U: entries of mean 0 and variance a²/N, independent within the
matrix and between matrices. Their law is free as long as its tails are light enough
(universality), so torch's uniform initialisation is as good as a normal one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from rmt_gates.results import Record

LIMIT = 5.0  # standard errors; by chance, a normal number is beyond once in two million
# The largest singular value of such a matrix is edge·(1 + 2^(−5/3) N^(−2/3) x), x of the
# Tracy–Widom law (mean −1.2, deviation 1.3), which is within ±6.35 but for one in a million.
MARGIN = 2.0  # times N^(−2/3)
FEWEST = 16  # units; from here on less than one normal matrix in a thousand has a reason


@dataclass(frozen=True, repr=False)
class MatrixDeviation(Record):
    """One (N, N) matrix, against independent entries of mean 0 and variance a²/N.

    Attributes
    ----------
    mean : of the entries, in units of its standard error a/N^(3/2). A common mean is an eigenvalue
        mean·a/√N, and stands out of the disc of radius a from about mean = √N on.
    kurtosis : excess kurtosis of the entries, 0 for a normal law, −1.2 for a uniform one;
        kurtosis_error : √(24/N²), its standard error for a normal law. The input of a unit, a sum
        of N products, inherits about kurtosis/N.
    largest : largest singular value over the edge 2a of the quarter-circle law.
    outliers : number of singular values beyond edge·(1 + 2 N^(−2/3)).
    symmetry : correlation of U_ij with U_ji, in units of its standard error √(2/N(N−1)).
    correlation : with the entries of the matrix `partner`, the one where it is largest in size, in
        units of its standard error 1/N; 0 and "" for the only matrix.
    N : number of units.
    """

    mean: float
    kurtosis: float
    kurtosis_error: float
    largest: float
    outliers: int
    symmetry: float
    correlation: float
    partner: str
    N: int

    def __repr__(self) -> str:
        return (
            f"MatrixDeviation(mean={self.mean:+.3g} se, "
            f"kurtosis={self.kurtosis:+.3g} ± {self.kurtosis_error:.2g}, "
            f"largest={self.largest:.3f} of the edge, outliers={self.outliers}, "
            f"symmetry={self.symmetry:+.3g} se, correlation={self.correlation:+.3g} se)"
        )

    @property
    def reasons(self) -> tuple[str, ...]:
        """What a random ensemble would not show, in words; () if nothing, or if N < 16.

        Tails count where they are heavier than normal ones: lighter ones have the same limit.
        """
        margin = MARGIN * self.N ** (-2 / 3)
        found = []
        if abs(self.mean) > LIMIT:
            found.append(f"mean {self.mean:+.3g} standard errors from 0")
        if self.kurtosis > LIMIT * self.kurtosis_error:
            found.append(f"heavy tails, excess kurtosis {self.kurtosis:.3g}")
        if self.outliers:
            values = "singular value" if self.outliers == 1 else "singular values"
            found.append(
                f"{self.outliers} {values} beyond the edge, up to {self.largest:.3g} of it"
            )
        if self.largest < 1 - margin:
            found.append(f"singular values end at {self.largest:.3g} of the edge")
        if abs(self.symmetry) > LIMIT:
            found.append(f"U_ij and U_ji correlated by {self.symmetry * _pair_error(self.N):.2g}")
        if abs(self.correlation) > LIMIT:
            found.append(f"correlated by {self.correlation / self.N:.2g} with U_{self.partner}")
        return tuple(found) if self.N >= FEWEST else ()

    def to_dict(self) -> dict[str, Any]:
        """Name -> value, JSON-ready."""
        return {**asdict(self), "reasons": list(self.reasons)}


@dataclass(frozen=True, repr=False)
class Deviation(Record):
    """The `MatrixDeviation` of every matrix by name, but for those that are zero.

    A `reason` is a measurable difference, at 5 standard errors: at large N these are small. How
    large it must be to matter for a spectrum is said with each number in `MatrixDeviation`.
    """

    matrices: Mapping[str, MatrixDeviation]
    N: int

    def __getitem__(self, name: str) -> MatrixDeviation:
        return self.matrices[name]

    def __repr__(self) -> str:
        head = f"Deviation(N={self.N}): {self.message}"
        return "\n".join([head, *(f"  U_{name}: {m!r}" for name, m in self.matrices.items())])

    @property
    def message(self) -> str:
        """One sentence: which matrices look like a random ensemble and which do not."""
        if not self.matrices:
            return "There is no recurrence: all matrices are zero."
        if self.N < FEWEST:
            return f"Too few units to tell a random ensemble: {self.N}, at least {FEWEST} needed."
        quiet = [f"U_{k}" for k, m in self.matrices.items() if not m.reasons]
        loud = [f"U_{k} ({'; '.join(m.reasons)})" for k, m in self.matrices.items() if m.reasons]
        if not loud:
            one, several = "looks like a random ensemble", "look like independent random ensembles"
            return f"{_and(quiet)} {one if len(quiet) == 1 else several}."
        if not quiet:
            return f"No matrix looks like a random ensemble: {_and(loud)}."
        looks, does = "looks" if len(quiet) == 1 else "look", "does" if len(loud) == 1 else "do"
        return f"{_and(quiet)} {looks} like a random ensemble; {_and(loud)} {does} not."

    def to_dict(self) -> dict[str, Any]:
        """Name -> value, JSON-ready."""
        matrices = {name: m.to_dict() for name, m in self.matrices.items()}
        return {"N": self.N, "message": self.message, "matrices": matrices}


def deviation_of(weights: Mapping[str, Tensor]) -> Deviation:
    """The deviation of (N, N) matrices from independent random ensembles.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> weights = rg.sample_network(rg.Vanilla(a_h=3), 100, rng=0).weights
    >>> deviation_of(weights).message
    'U_h looks like a random ensemble.'
    >>> weights["h"] += 0.1  # a common mean: one eigenvalue at 10
    >>> deviation_of(weights)["h"].outliers
    1
    """
    matrices = {k: U.detach().double() for k, U in weights.items() if bool(U.any())}
    entries = {k: _standardised(U) for k, U in matrices.items()}
    found = {}
    for k, U in matrices.items():
        N = len(U)
        gain = float((N * U.square().mean()).sqrt())
        singular = torch.linalg.svdvals(U) / (2 * gain)
        x = entries[k]
        pairs = (x * x.mT).sum() - x.diagonal().square().sum()  # over i ≠ j
        others = {l: float(N * (x * y).mean()) for l, y in entries.items() if l != k}
        partner = max(others, key=lambda l: abs(others[l]), default="")
        found[k] = MatrixDeviation(
            mean=float(U.mean()) * N**1.5 / gain,
            kurtosis=float(x.pow(4).mean()) - 3,
            kurtosis_error=24**0.5 / N,
            largest=float(singular[0]),
            outliers=int((singular > 1 + MARGIN * N ** (-2 / 3)).sum()),
            symmetry=float(pairs) / max(N * (N - 1), 1) / _pair_error(N),
            correlation=others.get(partner, 0.0),
            partner=partner,
            N=N,
        )
    return Deviation(found, len(next(iter(weights.values()))))


def _standardised(U: Tensor) -> Tensor:
    """The entries with mean 0 and variance 1; zeros if they are all equal."""
    x = U - U.flatten()[0]  # exactly 0 if they are
    x = x - x.mean()
    deviation = x.square().mean().sqrt()
    return x / deviation if deviation > 0 else x


def _pair_error(N: int) -> float:
    """Standard error of a correlation over the N(N−1)/2 pairs of U_ij and U_ji."""
    return (2 / max(N * (N - 1), 1)) ** 0.5


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
