"""The LSTM (6)–(8) reduced to what `Network` needs: a model that carries two variables."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import Architecture, Blocks
from rmt_gates.gaussian import sigmoid, sigmoid_prime
from rmt_gates.unit import Unit


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ToyLSTM(Architecture):
    a_h: Any
    a_i: Any = 1.0
    a_f: Any = 1.0
    a_o: Any = 1.0
    b_h: Any = 0.1
    b_i: Any = -0.2
    b_f: Any = 0.3
    b_o: Any = -0.4
    v_h: Any = 0.1
    v_i: Any = 0.1
    v_f: Any = 0.1
    v_o: Any = 0.1
    activation: str = "tanh"

    name: ClassVar[str] = "ToyLSTM"
    matrices: ClassVar[tuple[str, ...]] = ("h", "i", "f", "o")
    carriers: ClassVar[tuple[int, ...]] = (0, 1)

    def network_inputs(self, carry, matvec, bias, xp):
        return {k: matvec(k, carry[1]) + bias[k] for k in self.matrices}

    def step(self, inputs, carry, xp=np):
        f, i, o = (sigmoid(inputs[k], xp) for k in "fio")
        c = f * carry[0] + i * self.phi.phi(inputs["h"], xp)
        return c, o * self.phi.phi(c, xp)

    def blocks(self, inputs, carry, lam, xp=np):
        f, i, o = (sigmoid(inputs[k], xp) for k in "fio")
        df, di, do = (sigmoid_prime(inputs[k], xp) for k in "fio")
        y, c = inputs["h"], carry[0]
        after = f * c + i * self.phi.phi(y, xp)
        m = o * self.phi.dphi(after, xp)
        into_c = [i * self.phi.dphi(y, xp), di * self.phi.phi(y, xp), df * c]
        return Blocks(
            X=[[lam - f, 0], [-m * f, lam]],
            B=[[*into_c, 0], [*(m * x for x in into_c), do * self.phi.phi(after, xp)]],
            C=[[0, 1]] * 4,
        )

    def unit(self, inputs, carry, weights=None):
        return Unit(self, {"c": carry[0], "h": carry[1], **inputs}, weights)

    def input_kernels(self, C):
        raise NotImplementedError

    def fixed_point_map(self, C):
        raise NotImplementedError

    def rest(self, inputs, xp=np):
        raise NotImplementedError


# networks need the process and the blocks, not the mean-field half of the protocol
ToyLSTM.__abstractmethods__ = frozenset()
