"""What the tests of the owner's page take from other rooms: the API's bench and its browser."""

import sys
from pathlib import Path

sys.path[1:1] = [str(Path(__file__).parents[1] / "api")]
