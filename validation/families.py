"""Many comparisons that are correlated, such as nested discs, with one bound for them all.

The bound is the quantile of the largest of the deviations that chance makes: that any one of them
is beyond it has the probability of 3σ. For one comparison it is Student's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from validation.case import SIGMAS

DRAWS = 40_000  # of the largest deviation: 108 of them lie beyond 3σ, a quantile good to 1 %
ROUNDING = 1e-8  # a mass may be 0 or 1 in every network


class Group(NamedTuple):
    """Independent members of a comparison, (members, discs), and what their mean counts in it."""

    weight: float
    values: np.ndarray


@dataclass(frozen=True)
class Family:
    """Deviations of simulation from theory over discs, with the bound that all obey together."""

    difference: np.ndarray
    error: np.ndarray
    quantile: float  # of the largest |difference|/error, at the level of 3σ

    @property
    def bound(self) -> np.ndarray:
        """(discs,) of |difference|."""
        return np.maximum(self.quantile * self.error, ROUNDING)

    @property
    def deviation(self) -> np.ndarray:
        """(discs,) in standard errors."""
        return np.abs(self.difference) / np.maximum(self.error, ROUNDING)


def combine(groups: list[Group]) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted sum of the groups' means, its standard error, and the fewest degrees of freedom
    over the discs (Welch and Satterthwaite's)."""
    mean = np.sum([w * v.mean(axis=0) for w, v in groups], axis=0)
    several = [(w, v) for w, v in groups if len(v) > 1]
    if not several:
        return mean, np.zeros(mean.shape), np.inf
    variances = np.array([w**2 * v.var(axis=0, ddof=1) / len(v) for w, v in several])
    total = variances.sum(axis=0)
    members = np.array([len(v) - 1 for _, v in several])
    with np.errstate(invalid="ignore"):  # no variance at all: no deviation either
        freedom = total**2 / np.sum(variances**2 / members[:, None], axis=0)
    return mean, np.sqrt(total), float(np.nanmin(freedom, initial=np.inf))


def family(groups: list[Group], seed: int) -> Family:
    """The weighted sum over discs, and the law of its largest deviation: a multivariate t.

    Its correlations are those of the members; normal numbers, one a member, draw from it.
    """
    mean, error, freedom = combine(groups)
    rng = np.random.default_rng(seed)
    drawn = np.zeros((DRAWS, len(mean)))
    for weight, values in groups:
        n = len(values)
        if n > 1:
            residuals = (values - values.mean(axis=0)) * weight / np.sqrt(n * (n - 1))
            drawn += rng.standard_normal((DRAWS, n)) @ residuals
    largest = np.max(np.abs(drawn[:, error > 0]) / error[error > 0], axis=1, initial=0.0)
    if np.isfinite(freedom):
        largest /= np.sqrt(rng.chisquare(freedom, DRAWS) / freedom)
    return Family(mean, error, float(np.quantile(largest, 1 - 2 * norm.sf(SIGMAS))))
