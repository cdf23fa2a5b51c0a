"""The modules of a QR code that came as a PNG, so that it can be drawn in a terminal or as an SVG.

Pure. Any colours and any module size; what can't be read as a QR code is None, never a guess: its size must be that
of a QR code, and its three finder patterns must be where they belong.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # values of a pixel by colour type
_SIDE_MAX = 3_000
_DARK = 128
_FINDER = 7
_SIZES = range(21, 178, 4)
QUIET = 4

Modules = list[list[bool]]


def modules_of(png: bytes) -> Modules | None:
    """Rows of dark (True) and light modules, without the quiet zone; None where this is no QR code."""
    try:
        dark = _dark_pixels(png)
    except (ValueError, struct.error, zlib.error, IndexError):
        return None
    return _modules(dark) if dark else None


def as_svg(modules: Modules, title: str) -> str:
    """The code as an SVG document with its quiet zone."""
    side = len(modules) + 2 * QUIET
    path = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z" for y, row in enumerate(modules) for x, dark in enumerate(row) if dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label={quoteattr(title)}>'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{path}"/></svg>\n'
    )


def as_text(modules: Modules) -> list[str]:
    """The code in half blocks, light on dark inverted, so that it can be read from a dark terminal too."""
    side = len(modules) + 2 * QUIET
    light = [[True] * side for _ in range(side + side % 2)]
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            light[y + QUIET][x + QUIET] = not dark
    blocks = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    pairs = zip(light[::2], light[1::2], strict=True)
    return ["".join(blocks[pair] for pair in zip(above, below, strict=True)) for above, below in pairs]


def _modules(dark: Sequence[Sequence[bool]]) -> Modules | None:
    rows = [y for y, row in enumerate(dark) if any(row)]
    columns = [x for x in range(len(dark[0])) if any(row[x] for row in dark)]
    if not rows or not columns:
        return None
    top, left, side = rows[0], columns[0], columns[-1] - columns[0] + 1
    first = next((x for x in range(left, left + side) if not dark[top][x]), left + side) - left
    if first < _FINDER or rows[-1] - top + 1 != side:
        return None
    count = round(side / (first / _FINDER))
    if count not in _SIZES:
        return None
    step = side / count
    at = [int((each + 0.5) * step) for each in range(count)]
    found = [[bool(dark[top + y][left + x]) for x in at] for y in at]
    return found if _has_finders(found) else None


def _has_finders(modules: Modules) -> bool:
    last = len(modules) - _FINDER
    for y0, x0 in ((0, 0), (0, last), (last, 0)):
        for y in range(_FINDER):
            for x in range(_FINDER):
                ring = max(abs(y - 3), abs(x - 3))
                if modules[y0 + y][x0 + x] != (ring != 2):
                    return False
    return True


def _dark_pixels(png: bytes) -> list[list[bool]]:
    """Which pixels are dark. Raises ValueError and others for what is no plain PNG."""
    if not png.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    chunks = list(_chunks(png))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if not (0 < width <= _SIDE_MAX and 0 < height <= _SIDE_MAX) or interlaced or colour not in _SAMPLES:
        raise ValueError("not a plain one")
    if depth not in {1, 2, 4, 8} or (depth < 8 and _SAMPLES[colour] > 1):
        raise ValueError("other depths")
    bits = depth * _SAMPLES[colour]
    stride, step = (width * bits + 7) // 8, max(1, bits // 8)
    opened = zlib.decompressobj().decompress(
        b"".join(data for kind, data in chunks if kind == b"IDAT"), (stride + 1) * height
    )
    palette = next((data for kind, data in chunks if kind == b"PLTE"), b"")
    before, rows = bytes(stride), []
    for y in range(height):
        line = opened[y * (stride + 1) : (y + 1) * (stride + 1)]
        if len(line) != stride + 1:
            raise ValueError("too short")
        before = _unfiltered(line[0], line[1:], before, step)
        rows.append([_is_dark(before, x, depth, colour, palette) for x in range(width)])
    return rows


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + length]
        at += length + 12


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """A row of bytes before it was filtered (PNG, part 9)."""
    made = bytearray(line)
    for i in range(len(made)):
        left = made[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        match kind:
            case 0:
                break
            case 1:
                add = left
            case 2:
                add = above[i]
            case 3:
                add = (left + above[i]) // 2
            case 4:
                guess = left + above[i] - corner
                add = min((left, above[i], corner), key=lambda each: abs(guess - each))
            case _:
                raise ValueError("unknown filter")
        made[i] = (made[i] + add) & 255
    return bytes(made)


def _is_dark(row: bytes, x: int, depth: int, colour: int, palette: bytes) -> bool:
    if depth < 8:
        value = row[x * depth // 8] >> (8 - depth - x * depth % 8) & ((1 << depth) - 1)
        value = value if colour == 3 else value * 255 // ((1 << depth) - 1)
    else:
        at = x * _SAMPLES[colour]
        if colour in {4, 6} and row[at + _SAMPLES[colour] - 1] < _DARK:
            return False  # what is transparent is the paper
        if colour in {2, 6}:
            return sum(row[at : at + 3]) < 3 * _DARK
        value = row[at]
    return sum(palette[value * 3 : value * 3 + 3]) < 3 * _DARK if colour == 3 else value < _DARK
