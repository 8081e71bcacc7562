"""Write data/expectations.json: averages E f(m + s x) by mpmath, 30 digits.

Run as `python tests/gaussian/make_oracle.py`. Integration in y with break points on a geometric
grid around y = 0, where f has its structure, and around the largest value of the integrand.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import mpmath as mp

mp.mp.dps = 30

FUNCTIONS = {
    "sigmoid": lambda y: 1 / (1 + mp.exp(-y)),
    "sigmoid^2": lambda y: 1 / (1 + mp.exp(-y)) ** 2,
    "sigmoid'^2": lambda y: (1 / (2 + mp.exp(-y) + mp.exp(y))) ** 2,
    "tanh^2": lambda y: mp.tanh(y) ** 2,
    "tanh'": lambda y: mp.sech(y) ** 2,
    "tanh'^2": lambda y: mp.sech(y) ** 4,
}
SCALES = ["1e-6", "1e-3", "0.1", "1.5", "5", "30", "1e3", "1e6"]
MEANS = ["0", "-0.7", "2.5", "-12", "50", "-50"]


def average(f, mean: mp.mpf, scale: mp.mpf) -> mp.mpf:
    """E f(mean + scale x), integrated in x between fine break points."""

    def integrand(x):
        return mp.exp(-x * x / 2) * f(mean + scale * x)

    # Outside |x| = 38 the Gaussian is below 1e-313.
    coarse = [mp.mpf(k) / 2 for k in range(-76, 77)]
    largest = max(coarse, key=integrand)
    fine = [sign * mp.mpf(3) ** k for k in range(-1, 18) for sign in (-1, 1)]
    points = coarse + [(y - mean) / scale for y in [mp.mpf(0), *fine]]
    points = sorted({p for p in points if abs(p) <= 38})
    candidates = [largest] + [p for p in points if abs(p) < 38]
    largest = max(candidates, key=integrand)
    points = [p for p in points if abs(p - largest) <= 13]
    nodes, weights = gauss_legendre(30)
    total = mp.mpf(0)
    for a, b in pairwise(points):
        half, middle = (b - a) / 2, (b + a) / 2
        total += half * mp.fsum(w * integrand(middle + half * t) for t, w in zip(nodes, weights))
    return total / mp.sqrt(2 * mp.pi)


@cache
def gauss_legendre(n: int) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """The n-point Gauss-Legendre rule at the working precision, by Newton's method."""
    nodes, weights = [], []
    for k in range(n):
        x = mp.cos(mp.pi * (k + mp.mpf("0.75")) / (n + mp.mpf("0.5")))
        for _ in range(8):
            before, value = mp.mpf(1), x
            for j in range(2, n + 1):
                before, value = value, ((2 * j - 1) * x * value - (j - 1) * before) / j
            slope = n * (before - x * value) / (1 - x * x)
            x -= value / slope
        nodes.append(x)
        weights.append(2 / ((1 - x * x) * slope**2))
    return nodes, weights


if __name__ == "__main__":
    table = [
        [name, mean, scale, mp.nstr(average(f, mp.mpf(mean), mp.mpf(scale)), 20)]
        for name, f in FUNCTIONS.items()
        for mean in MEANS
        for scale in SCALES
    ]
    path = Path(__file__).parent / "data" / "expectations.json"
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in table) + "\n]\n")
