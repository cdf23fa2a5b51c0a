"""The counter on a terminal: Textual paints the lines and reads the keys. It decides nothing."""

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from mpesa_cli.board.cards import Kind, mark
from mpesa_cli.counter.caretaker import Caretaker
from mpesa_cli.counter.clerk import Clerk
from mpesa_cli.counter.desk import Desk
from mpesa_cli.counter.snapshot import Tone
from mpesa_cli.counter.view import Line, paint
from mpesa_cli.terminal.width import in_ascii

if TYPE_CHECKING:
    from mpesa_cli.counter.form import Question

PAINT_EVERY_S = 0.1
STYLES = {
    Tone.PLAIN: Style(),
    Tone.GOOD: Style(color="bright_white", bgcolor="green", bold=True),
    Tone.WAIT: Style(color="bright_cyan"),
    Tone.BAD: Style(color="bright_red", bold=True),
    Tone.DOUBT: Style(color="black", bgcolor="yellow"),
    Tone.FAINT: Style(dim=True),
    Tone.HEAD: Style(bold=True),
    Tone.ASK: Style(bold=True, reverse=True),
}
_CHOSEN = Style(underline=True)


class Sheet(Widget, can_focus=False):
    """The whole window, as lines."""

    DEFAULT_CSS = "Sheet { width: 100%; height: 100%; }"

    def __init__(self, *, plain: bool) -> None:
        """``plain``: the terminal shows ASCII only."""
        super().__init__()
        self.lines: list[Line] = []
        self._plain = plain

    def show(self, lines: list[Line]) -> None:
        """Paint these lines, where they differ from those that are there."""
        if self._plain:
            lines = [line._replace(text=in_ascii(line.text)) for line in lines]
        if lines != self.lines:
            self.lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        if y >= len(self.lines):
            return Strip.blank(self.size.width)
        line = self.lines[y]
        style = STYLES[line.tone] + (_CHOSEN if line.chosen and line.text.strip() else Style())
        return Strip([Segment(line.text, style)]).adjust_cell_length(self.size.width, style)


class CounterScreen(App[None]):
    """The program. ``title_line`` stands at its top."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = []
    CSS = "Screen { background: ansi_default; overflow: hidden; }"

    def __init__(self, desk: Desk, title_line: str, *, plain: bool = False) -> None:
        """Threads start when the window is there."""
        super().__init__(ansi_color=True)
        self._desk, self._title = desk, title_line
        self.caretaker = Caretaker(desk)
        self.clerk = Clerk(desk, lambda: self.caretaker.snapshot)
        self.sheet = Sheet(plain=plain)
        self._paid: set[str] | None = None
        self._asked: Question | None = None
        self.bells = 0

    def compose(self) -> ComposeResult:
        """One widget: the window."""
        yield self.sheet

    def on_mount(self) -> None:
        """Begin."""
        self.caretaker.look()
        self.caretaker.start()
        self.paint()
        self.set_interval(PAINT_EVERY_S, self.paint)

    def paint(self) -> None:
        """Show what there is now; ring where somebody has paid."""
        seen = self.caretaker.snapshot
        lines = paint(self.clerk.look(), seen, self._title, self._desk.say, self.size.width, self.size.height)
        self.sheet.show(lines)
        question = self.clerk.question
        if question is not None and question is not self._asked:
            self.call_after_refresh(lambda: question.painted(self._desk.ports.world.steady_s()))
        self._asked = question
        paid = {each.payment.payment_id + mark(each.payment) for each in seen.cards if each.kind is Kind.PAID}
        if self._paid is not None and paid - self._paid:
            self.bells += 1
            self.bell()
        if seen.at_us:  # before the first look nobody knows who had paid already
            self._paid = paid

    def on_key(self, event: events.Key) -> None:
        """Every key goes to the clerk but the one that ends."""
        event.stop()
        event.prevent_default()
        if event.key in {"f10", "ctrl+q"}:
            self.exit()
            return
        self.clerk.key(event.key, event.character if event.is_printable else None, event.time)
        self.paint()

    def on_paste(self, event: events.Paste) -> None:
        """Text that came at once."""
        event.stop()
        self.clerk.paste(event.text)
        self.paint()

    def on_click(self, event: events.Click) -> None:
        """A line was clicked."""
        if 0 <= event.y < len(self.sheet.lines):
            self.clerk.click(self.sheet.lines[event.y].ref)
            self.paint()

    def on_resize(self) -> None:
        """The window has another size."""
        self.paint()

    def on_unmount(self) -> None:
        """Let the threads end."""
        self.caretaker.stop()
