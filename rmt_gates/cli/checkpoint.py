"""``--checkpoint FILE --module NAME``: a trained module in the place of an architecture."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.curves import agreement_listing, curve_data, outlier_block, outlier_data
from rmt_gates.cli.output import BadInput
from rmt_gates.cli.values import finite, whole

# parameter of the library, with which its sentences begin -> option
OPTIONS = {"path": "--checkpoint", "name": "--module", "module": "--module"}
OPTIONS |= {name: f"--{name}" for name in ("layer", "direction", "input")}
TANH = (
    "The module is a torch.nn.RNN, and is taken to have the nonlinearity tanh: a state_dict does "
    "not tell it from relu."
)
OTHER_STATE = 1.5  # ratio of E[h²] between network and theory
AT_REST = 1e-6  # E[h²] of a network that has died out


def add_checkpoint_options(parser: argparse.ArgumentParser) -> None:
    """Which module, and what enters it."""
    group = parser.add_argument_group("checkpoint")
    group.add_argument(
        "--checkpoint",
        metavar="FILE",
        required=True,
        help="written by torch.save(x.state_dict()); an nn.RNN in it is taken to have tanh",
    )
    group.add_argument(
        "--module", metavar="NAME", default="", help="where the module is in it (encoder.rnn)"
    )
    group.add_argument(
        "--layer", type=whole(0), default=0, metavar="L", help="of the module (default: 0)"
    )
    group.add_argument("--direction", choices=("forward", "backward"), default="forward")
    group.add_argument(
        "--input",
        type=finite,
        nargs="+",
        metavar="X",
        help="a constant input, one number for each input of the layer (default: all 0)",
    )


@dataclass(frozen=True)
class Given:
    """The network that a checkpoint brings; ``fit``: what `rg.from_torch` makes of it.

    ``assumption`` : a sentence on what the file does not tell, or nothing.
    """

    fit: Any
    assumption: str

    @property
    def message(self) -> str:
        """Is it like a random ensemble, and what was assumed?"""
        return " ".join(filter(None, (self.fit.deviation.message, self.assumption)))

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {"deviation": self.fit.deviation.to_dict(), "assumption": self.assumption or None}


def load(options: argparse.Namespace) -> Given:
    """The network that the options name, as it stands in the file."""
    import torch

    from rmt_gates.networks.checkpoint import load_checkpoint

    try:
        module = load_checkpoint(options.checkpoint, options.module)
        fit = rg.from_torch(
            module, layer=options.layer, direction=options.direction, input=options.input
        )
    except (ValueError, TypeError) as error:
        sentence = re.sub(r"^\w+", lambda word: OPTIONS.get(word[0], word[0]), str(error))
        raise BadInput(sentence) from None
    return Given(fit, TANH if isinstance(module, torch.nn.RNN) else "")


def state_caveat(state: Any, networks: Any) -> str:
    """A sentence if the network has settled into another state than the theory's, or nothing."""
    theory, own = float(np.ravel(state.C_h)[0]), networks.averages[-1]["C_h(0)"]
    low, high = sorted((theory, own))
    if high < AT_REST or (low >= AT_REST and high <= OTHER_STATE * low):
        return ""
    return (
        f"The network is in another state, E[h²] = {own:.3g} where the theory has "
        f"C_h(0) = {theory:.3g}: its weights are not like the ensemble's, or it started "
        "elsewhere, and the curve of its own units (rmt-gates spectrum), which does not need the "
        "theory's state, is the one to look at."
    )


@dataclass(frozen=True)
class OwnCurve:
    """The curve from the units of the network itself, at the state of its eigenvalues.

    It takes the weights to be random, but not the units to be those of the ensemble's state.
    """

    curve: Any
    agreement: Any
    outliers: dict[str, Any]

    @classmethod
    def of(cls, networks: Any) -> OwnCurve:
        """That of the last of the networks."""
        curve, lam = rg.spectral_curve(networks.unit), networks.eigenvalues[-1]
        found = outlier_data(rg.outliers(curve, lam), lam)
        return cls(curve, rg.compare(curve, lam), found)

    @property
    def block(self) -> str:
        """How it reads."""
        compared = agreement_listing(self.agreement, source="own curve")
        outside = outlier_block(self.outliers)
        return f"curve of the network's own units\n{compared}\n\n{outside}"

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        found = {"agreement": self.agreement.to_dict(), "outliers": self.outliers}
        return {"curve": curve_data(self.curve), **found}

    def draw(self, ax: Any) -> None:
        """Dashed, over the theory's curve, with circles around the outliers."""
        x, y = self.curve.x, self.curve.y
        closed = np.concatenate([x, x[::-1]]), np.concatenate([y, -y[::-1]])
        ax.plot(*closed, color="tab:blue", ls="--", lw=1.3, zorder=4, label="own units")
        if len(lam := self.outliers["lam"]):
            rings = {"s": 40, "facecolors": "none", "edgecolors": "tab:blue", "lw": 0.8}
            ax.scatter(lam.real, lam.imag, **rings, zorder=4, label="outliers")
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.13), "ncols": 5}
        ax.legend(**below, frameon=False, fontsize="small", handlelength=1.5, columnspacing=1.2)
