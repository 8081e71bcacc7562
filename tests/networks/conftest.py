import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def toy_lstm():
    """The class `ToyLSTM` of toy_lstm.py (tests are no package that could be imported from)."""
    path = Path(__file__).with_name("toy_lstm.py")
    spec = importlib.util.spec_from_file_location("toy_lstm", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ToyLSTM
