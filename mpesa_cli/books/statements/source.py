"""A file before it is read as a table: its kind, its encoding, and its SHA-256."""

import codecs
import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO, Literal

from mpesa_cli.books.statements.refusals import too_large, unreadable
from mpesa_cli.floor.records import dataclass

BYTES_MAX = 2 << 30
LINE_MAX = 64 << 10
_CHUNK = 64 << 10

Encoding = Literal["utf-8-sig", "utf-16", "cp1252"]

_OTHER_KINDS = (
    (b"%PDF", "It is a PDF. The portal gives the same statement as CSV and as Excel."),
    (b"\xd0\xcf\x11\xe0", "It is an old Excel file (.xls), or has a password. Save it as .xlsx, or as CSV."),
    (b"\x1f\x8b", "It is compressed (gzip). Unpack it first."),
    (b"Rar!", "It is compressed (RAR). Unpack it first."),
    (b"7z\xbc\xaf", "It is compressed (7z). Unpack it first."),
    (b"\xff\xd8\xff", "It is a picture."),
    (b"\x89PNG", "It is a picture."),
)


@dataclass(frozen=True, slots=True)
class Source:
    """An open file with its kind and encoding. ``version`` changes when somebody writes to it."""

    file: BinaryIO
    sha256: str
    is_zip: bool
    encoding: Encoding

    def version(self) -> tuple[int, int]:
        """Size and time of the last change."""
        return version_of(self.file)


def version_of(file: BinaryIO) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds."""
    now = os.fstat(file.fileno())
    return now.st_size, now.st_mtime_ns


def open_source(path: Path) -> Source:
    """Open a file and read it through once. The caller closes ``file``.

    Raises InvalidInput: statement-unreadable for what is no text and no workbook, statement-too-large.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise unreadable(f"{path} is a folder.")
        if not stat.S_ISREG(mode):
            raise unreadable(f"{path} is no file that can be read twice. Save it to a file first.")
        file = path.open("rb")
    except OSError as refused:
        raise unreadable(f"{path} can't be read: {refused.strerror}.") from refused
    try:
        return _inspect(path, file)
    except OSError as refused:
        file.close()
        raise unreadable(f"{path} can't be read: {refused.strerror}.") from refused
    except BaseException:
        file.close()
        raise


def _inspect(path: Path, file: BinaryIO) -> Source:
    size = os.fstat(file.fileno()).st_size
    if size > BYTES_MAX:
        raise too_large(f"{path} is larger than {BYTES_MAX >> 30} GiB.")
    start = file.read(512)
    file.seek(0)
    _refuse_other_kinds(path, start)
    is_zip = start.startswith(b"PK\x03\x04")
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    sha256, is_utf8 = _read_through(path, file, is_text=not is_zip, wide=wide)
    encoding: Encoding = "utf-16" if wide else "utf-8-sig" if is_utf8 else "cp1252"
    return Source(file, sha256, is_zip, encoding)


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    if not start.strip():
        raise unreadable(f"{path} is empty.")
    for magic, words in _OTHER_KINDS:
        if start.startswith(magic):
            raise unreadable(f"{path} is not a statement that can be read. {words}")
    opening = start.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")[:1]
    if opening == b"<":
        raise unreadable(
            f"{path} is a web page, whatever its name says: perhaps the portal's own answer that you are not "
            "signed in, or a page that was saved as .xls."
        )
    if opening in {b"{", b"["}:
        raise unreadable(f"{path} is JSON, not a statement.")


def _read_through(path: Path, file: BinaryIO, *, is_text: bool, wide: bool) -> tuple[str, bool]:
    """The SHA-256 and whether all of it is UTF-8. Refuses text with zero bytes or endless lines."""
    digest = hashlib.sha256()
    decode = codecs.getincrementaldecoder("utf-8")().decode
    is_utf8, carried = True, 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        if not is_text:
            continue
        if not wide and b"\0" in chunk:
            raise unreadable(f"{path} is not text: it has zero bytes in it.")
        carried = _line_so_far(path, chunk, carried)
        if is_utf8:
            try:
                decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
    try:
        decode(b"", final=True)
    except UnicodeDecodeError:
        is_utf8 = False
    file.seek(0)
    return digest.hexdigest(), is_utf8


def _line_so_far(path: Path, chunk: bytes, carried: int) -> int:
    """The length in bytes of the unended line after this chunk. A chunk is no longer than a line may be."""
    first = min((at for at in (chunk.find(b"\n"), chunk.find(b"\r")) if at >= 0), default=len(chunk))
    if carried + first > LINE_MAX:
        raise too_large(f"{path} has a line of more than {LINE_MAX >> 10} KiB: it is no statement.")
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    return carried + len(chunk) if last < 0 else len(chunk) - last - 1
