"""What comes together is stored together: one commit, however many connections it came on."""

from collections.abc import Callable
from pathlib import Path

from listener.listening import open_ledger, prompts

from mpesa_cli.floor.world import World
from mpesa_cli.listener.intake.deliveries import ACCEPTED, UNAVAILABLE, Verdict
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.intake.writer import QUEUE_MAX, Writer
from mpesa_cli.listener.server.app import Expected, ListenerApp
from mpesa_cli.listener.server.head import Head
from mpesa_cli.listener.server.open_paths import OpenPaths
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.listener.server.refusals import Refusals


def parts(path: Path) -> tuple[ListenerApp, Writer, Refusals, list[Callable[[], None]]]:
    """An app over a real writer, not started yet, and what the app wants called soon."""

    def open_intake() -> tuple[Intake, Callable[[], None]]:
        ledger = open_ledger(path)
        return Intake(ledger, World(), lambda event: None), ledger.close

    soon: list[Callable[[], None]] = []
    writer, refusals = Writer(open_intake), Refusals(World(), lambda event: None)
    open_paths = OpenPaths(lambda: 0.0, World())
    app = ListenerApp(ListenerOptions(), writer, refusals, lambda: 0.0, soon.append, open_paths)
    return app, writer, refusals, soon


def take(app: ListenerApp, token: str, body: bytes, answers: list[Verdict]) -> None:
    expected = app.look(Head(b"POST", f"/hooks/stk/{token}".encode(), [], "127.0.0.1"))
    assert isinstance(expected, Expected)
    app.take(expected, body, answers.append)


def test_what_is_read_in_one_turn_of_the_loop_goes_on_in_one_piece(tmp_path: Path) -> None:
    path, answers = tmp_path / "ledger.db", list[Verdict]()
    ledger = open_ledger(path)
    tokens = [token for token, _ in prompts(ledger, 40)]
    app, writer, _, soon = parts(path)
    for token in tokens:
        take(app, token, b"{}", answers)

    assert (len(soon), writer._queue.qsize()) == (1, 0)

    soon[0]()
    writer.start()
    writer.stop()

    assert answers == [ACCEPTED] * 40
    assert len(set(ledger.rows("SELECT received_us FROM callbacks"))) == 1  # the time of their one transaction
    ledger.close()


def test_what_the_writer_has_no_room_for_is_answered_503_and_counted(tmp_path: Path) -> None:
    app, writer, refusals, soon = parts(tmp_path / "ledger.db")
    answers: list[Verdict] = []
    for number in range(QUEUE_MAX + 3):
        take(app, "0" * 32, b"%d" % number, answers)
    soon[0]()

    assert answers == [UNAVAILABLE] * 3
    assert refusals.counts == {"too much at once": 3}
    writer.stop()
