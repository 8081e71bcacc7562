import pytest

from rmt_gates.architectures.lstm import LSTM


@pytest.fixture(scope="session")
def lstm():
    """A unit that carries two variables, every gate and every bias on."""
    biases = {"b_h": 0.1, "b_i": -0.2, "b_f": 0.3, "b_o": -0.4}
    return LSTM(a_h=2, a_i=1, a_f=1, a_o=1, **biases, **{f"v_{k}": 0.1 for k in "hifo"})
