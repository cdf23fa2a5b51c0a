"""The check of an XLSX file before anything in it is parsed: its size unpacked, and no document type.

An XLSX file is a ZIP archive of XML. A small archive can unpack to terabytes, and a small XML document can
grow to as much by entities that name each other. Neither occurs in a statement.
"""

import zipfile
from typing import BinaryIO
from xml.parsers import expat  # reads no further than the first element, and expands nothing

from mpesa_cli.books.statements.refusals import too_large, unreadable
from mpesa_cli.floor.errors import InvalidInput

UNPACKED_MAX = 512 << 20
TEXTS_MAX = 128 << 20  # the table of texts is held in memory
RATIO_MAX = 200
RATIO_FROM = 1 << 20  # below this, no ratio does harm
MEMBERS_MAX = 2_000
_CHUNK = 4_096


class _RootReachedError(Exception):
    """The signal that the first element has begun: no document type can follow."""


def check_package(file: BinaryIO) -> None:
    """Raise InvalidInput for an archive that is no workbook, or would be dangerous to read as one."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_sizes(members)
            _check_kind({member.filename for member in members}, any(m.flag_bits & 1 for m in members))
            for member in members:
                if member.filename.endswith((".xml", ".rels", ".vml")):
                    _refuse_document_type(archive, member)
    except InvalidInput:
        raise
    except Exception as damaged:  # an archive can be broken in ways that zipfile never names
        raise unreadable("It begins like an Excel file (.xlsx), and is damaged.") from damaged
    finally:
        file.seek(0)


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    # What an archive says of itself holds: no more than the stated size is ever unpacked from it.
    unpacked = sum(member.file_size for member in members)
    if unpacked > UNPACKED_MAX or len(members) > MEMBERS_MAX:
        raise too_large(f"The workbook would unpack to more than {UNPACKED_MAX >> 20} MiB, or {MEMBERS_MAX:,} parts.")
    for member in members:
        if member.file_size > RATIO_FROM and member.file_size > RATIO_MAX * member.compress_size:
            raise too_large("A part of the workbook would unpack to more than two hundred times its size.")
        if member.filename.lower().endswith("sharedstrings.xml") and member.file_size > TEXTS_MAX:
            raise too_large(f"The workbook has more than {TEXTS_MAX >> 20} MiB of texts.")


def _check_kind(names: set[str], encrypted: bool) -> None:
    if encrypted:
        raise unreadable("The workbook has a password. Save it without one.")
    if "content.xml" in names and "xl/workbook.xml" not in names:
        raise unreadable("It is a LibreOffice file. Save it as .xlsx or CSV.")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise unreadable("It is a ZIP archive, and no Excel workbook. Unpack it first.")


def _refuse_document_type(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse a part that declares a document type, with or without entities; Excel writes none."""

    def document_type(*_: object) -> None:
        raise unreadable("The workbook has a document type declaration, which Excel never writes.")

    def root(*_: object) -> None:
        raise _RootReachedError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = document_type
    parser.StartElementHandler = root
    with archive.open(member) as part:
        try:
            while chunk := part.read(_CHUNK):
                parser.Parse(chunk, False)
        except _RootReachedError:
            return
        except expat.ExpatError as wrong:
            raise unreadable("It begins like an Excel file (.xlsx), and is damaged.") from wrong
