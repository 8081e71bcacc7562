"""Eigenvalues of sampled networks, in their steady state or at a fixed point planted in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from tqdm import tqdm

import rmt_gates as rg
from rmt_gates.networks import Network


def settled_eigenvalues(state: Any, N: int, rng: np.random.Generator) -> np.ndarray:
    """(N,) eigenvalues of one network of N units in its steady state.

    Its memory is that of the theory's autocorrelation: the window of that sets how long it runs.
    """
    network = rg.sample_network(state.model, N, rng=rng)
    run = network.run(100, burn_in=max(400, len(state.C_h)), rng=rng)
    return network.eigenvalues(run.h)


def several_networks(
    models: Sequence[Any], N: int, networks: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """(networks, n) eigenvalues of several networks in their steady states, for every model."""
    found = []
    for model in tqdm(models, desc="networks", disable=None):
        state = rg.steady_state(model, rng=0, rtol=5e-2)  # it sets how long they run
        found.append(np.array([settled_eigenvalues(state, N, rng) for _ in range(networks)]))
    return found


def mean_and_spread(
    ax: Axes, x: Sequence[float], values: Sequence[np.ndarray], **style: Any
) -> None:
    """Dots at the means of the networks' values, with bars of one standard deviation of them."""
    means, spreads = [np.mean(v) for v in values], [np.std(v, ddof=1) for v in values]
    shared = {"fmt": "ko", "ms": 3.5, "lw": 1, "capsize": 2, "zorder": 4}
    ax.errorbar(x, means, spreads, **{**shared, **style})


def planted_network(point: Any, N: int, rng: np.random.Generator) -> tuple[Network, torch.Tensor]:
    """A random network that has a fixed point of the mean-field kind, and this fixed point h.

    A network does not run into an unstable fixed point. So h = φ(y) is drawn from the law of
    `point`, and the weights from their law *given* that h is at rest: with v = r ⊙ h,

        U_h → U_h + (y − b_h − U_h v) vᵀ / |v|²,

    which is the Gaussian law of U_h conditioned on U_h v + b_h = y. U_z and U_r are as ever.

    Examples
    --------
    >>> import numpy as np
    >>> import rmt_gates as rg
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1]
    >>> network, h = planted_network(point, 100, np.random.default_rng(0))
    >>> bool(abs(network.step(h) - h).max() < 1e-14)
    True
    """
    model = point.model
    network = rg.sample_network(model, N, rng=rng)
    own_variance = model.input_variance(point.C_h) - model.v_h
    b_h = network.biases["h"]
    y = b_h + np.sqrt(own_variance) * torch.as_tensor(rng.standard_normal(N))
    h = model.phi.phi(y, torch)
    v = torch.sigmoid(network.weights["r"] @ h + network.biases["r"]) * h
    U = network.weights["h"]
    U = U + torch.outer(y - b_h - U @ v, v) / (v @ v)
    return Network(model, {**network.weights, "h": U}, network.biases), h
