"""What training does to the spectrum of a torch.nn.GRU: what random weights explain, and outliers.

Columns: the module as torch initialises it; after it has learnt to remember three bits, a flip-flop
(each of three inputs is a rare pulse ±1, each output is the last pulse, as in Sussillo & Barak,
Neural Comput. 25, 626 (2013)); and the trained units, every one with its state and its gates as
before, but the entries of each weight matrix shuffled among themselves.

Above: eigenvalues of the Jacobian while the network remembers, the curve of its own units
(``rg.spectral_curve(network.unit(h))``, red), and the eigenvalues that `rg.outliers` names
(circles). Below: the fraction of modes that take longer than a time to relax, by the theory of
these units (red) and counted (black). The shuffled weights have what the theory assumes, variances
and nothing else: what they do not show has been learnt.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn
from tqdm import tqdm

import rmt_gates as rg
from rmt_gates import plots
from rmt_gates.networks import Network

BITS = 3
PULSES = 0.1  # per step and input
BATCH, STEPS = 32, 50
LEARNING_RATE = 2e-3
REMEMBERED = 150  # steps, before the state that is looked at
TIMES = np.geomspace(0.5, 300, 41)


class Effort(NamedTuple):
    """Units, and updates of the weights."""

    N: int
    updates: int


QUICK, FULL = Effort(64, 150), Effort(200, 1200)


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; `rng` is anything that `numpy.random.default_rng` takes."""
    generator = np.random.default_rng(rng)
    effort = QUICK if quick else FULL
    module, readout = modules(effort.N, generator)
    shown = {"torch.nn.GRU, initial": remembering(module, generator)}
    error = train(module, readout, effort.updates, generator)
    shown["trained"] = network, h = remembering(module, generator)
    shown["trained, weights shuffled"] = shuffled(network, h, generator), h
    figure = Figure(figsize=(9.6, 6.2), layout="constrained")
    above, below = figure.subplots(2, len(shown), sharex="row", sharey="row")
    for ax, histogram, (title, (network, h)) in zip(above, below, shown.items()):
        found = spectrum_panel(ax, network, h)
        ax.set_title(f"{title}: {found.count} outlier{'s' * (found.count != 1)}", fontsize="medium")
        relaxation_panel(histogram, network, h)
    for ax in (*above[1:], *below[1:]):
        ax.set_ylabel("")
    above[0].set(xlim=(-0.35, 1.1), ylim=(-0.5, 0.5))
    below[0].set(xlim=TIMES[[0, -1]], ylim=(0.5 / effort.N, 1.5))
    figure.suptitle(
        f"{effort.N} units, {BITS}-bit flip-flop, mean square error {error:.1g}", fontsize="medium"
    )
    figure.legend(*legend(above, below), loc="outside lower center", ncols=5, frameon=False)
    return figure


# -- the network ----------------------------------------------------------------------------------
def modules(N: int, rng: np.random.Generator) -> tuple[nn.GRU, nn.Linear]:
    """A GRU and a linear readout, as torch initialises them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        return nn.GRU(BITS, N), nn.Linear(N, BITS)


def flip_flop(
    steps: int, batch: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """(steps, batch, bits): rare pulses ±1, and at every step the last one of each input."""
    shape = (steps, batch, BITS)
    given = rng.random(shape) < PULSES
    given[0] = True
    x = np.where(given, rng.choice([-1.0, 1.0], shape), 0.0)
    last = np.maximum.accumulate(np.where(given, np.arange(steps)[:, None, None], 0), axis=0)
    target = np.take_along_axis(x, last, axis=0)
    return torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(target, dtype=torch.float32)


def train(module: nn.GRU, readout: nn.Linear, updates: int, rng: np.random.Generator) -> float:
    """Adam on the mean square error, which is returned: the mean of the last ten updates."""
    parameters = [*module.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    errors = []
    for _ in tqdm(range(updates), disable=None):
        x, target = flip_flop(STEPS, BATCH, rng)
        error = (readout(module(x)[0]) - target).square().mean()
        optimizer.zero_grad()
        error.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        errors.append(float(error.detach()))
    return float(np.mean(errors[-10:]))


def remembering(module: nn.GRU, rng: np.random.Generator) -> tuple[Network, torch.Tensor]:
    """The network without input, and the state that a sequence of pulses has left it in."""
    x, _ = flip_flop(REMEMBERED, 1, rng)
    with torch.no_grad():
        h = module(x)[1]
    return rg.from_torch(module).network, h.double().flatten()


def shuffled(network: Network, h: torch.Tensor, rng: np.random.Generator) -> Network:
    """The entries of each matrix in random places, with biases that leave all inputs at h alone."""
    weights, biases = {}, dict(network.biases)
    for name, U in network.weights.items():
        order = torch.as_tensor(rng.permutation(U.numel()))
        weights[name] = U.flatten()[order].reshape(U.shape)
        bias = "u" if name == "h" else name  # U_h h stands inside the reset product
        biases[bias] = biases[bias] + (U - weights[name]) @ h
    return Network(network.model, weights, biases)


# -- the panels -----------------------------------------------------------------------------------
def spectrum_panel(ax: Axes, network: Network, h: torch.Tensor) -> rg.Outliers:
    """Eigenvalues, the curve of the network's own units, and circles around outliers."""
    curve, lam = rg.spectral_curve(network.unit(h)), network.eigenvalues(h)
    found = rg.outliers(curve, lam)
    plots.spectrum(curve, lam, ax)
    far = lam[found.outlier]
    rings = ax.scatter(far.real, far.imag, s=60, facecolors="none", edgecolors="tab:blue", lw=1.0)
    rings.set(zorder=4, label="outliers")
    return found


def relaxation_panel(ax: Axes, network: Network, h: torch.Tensor) -> None:
    """The fraction of modes with a relaxation time −1/log|λ| beyond t, over t."""
    theory = rg.relaxation_time_fraction(network.unit(h), TIMES)
    modulus = np.abs(network.eigenvalues(h))
    time = np.full(modulus.shape, np.inf)  # of a growing mode
    time[modulus < 1] = -1 / np.log(modulus[modulus < 1])
    t = np.union1d(TIMES, time[modulus < 1])
    slower = 1 - np.searchsorted(np.sort(time), t, side="right") / len(time)
    ax.step(t, slower, where="post", color="black", lw=1.0, label="counted")
    ax.plot(TIMES, theory, color=plots.THEORY, lw=1.3, label="theory")
    ax.set(xscale="log", yscale="log", xlabel="relaxation time $t$ (steps)")
    ax.set_ylabel("fraction of modes beyond $t$")


def legend(above: Any, below: Any) -> tuple[list[Any], list[str]]:
    """Handles and labels."""
    artists = {
        label: artist
        for ax in (above[0], below[0])
        for artist, label in zip(*ax.get_legend_handles_labels())
    }
    names = {"theory": "theory of the network's own units", "counted": "counted"}
    names |= {label: label for label in ("eigenvalues", "outliers")}
    return [artists[label] for label in names], list(names.values())
