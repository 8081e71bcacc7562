"""Worker processes import scanned.py by its name, as they would a user's module."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
