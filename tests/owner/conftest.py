"""What the tests of the owner's page take from other rooms: the API's bench and its browser, certificates."""

import sys
from pathlib import Path

sys.path[1:1] = [str(Path(__file__).parents[1] / room) for room in ("api", "cli")]
