"""Another bench, whose ledgers are in PostgreSQL: one server for the run, a schema for each ledger.

    python bench/on_postgres.py kill.py --kills 300
    python bench/on_postgres.py kill_batch.py --kills 100
    python bench/on_postgres.py kill_out.py --kills 300

What is killed are the program's own processes; kill_primary.py kills servers. Says how many ledgers there were, and
ends as the other does.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "ledger"), str(ROOT / "tests" / "ledger" / "on_postgres")]

from postgres_server import Cluster, a_folder
from sitecustomize import ADDRESS


def main() -> int:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    script = Path(__file__).with_name(Path(sys.argv[1]).name)
    with a_folder() as folder:
        server = Cluster(folder / "server", fsync="off", max_connections="300").make()
        try:
            server.sql("CREATE DATABASE shop")
            paths = [str(ROOT / "tests" / "ledger" / "on_postgres"), str(ROOT)]
            environ = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), ADDRESS: server.url()}
            status = subprocess.run([sys.executable, str(script), *sys.argv[2:]], env=environ, check=False).returncode
            rows = server.sql("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^t[0-9a-f]{16}$'", "shop")
            print(f"{'ledgers in PostgreSQL':<44} {rows[0][0]!s:>8}")
        finally:
            server.kill()
    return status


if __name__ == "__main__":
    sys.exit(main())
