"""Every face of a receipt: the same facts, laid out as stored, safe for printers and browsers."""

import html
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import get_args

import pytest
import segno
from hypothesis import example, given
from hypothesis import strategies as st
from receipt_samples import PLAIN, TILL_TRIAL, same_as_stored

from mpesa_cli.receipts.escpos import escpos_receipt
from mpesa_cli.receipts.html import html_receipt
from mpesa_cli.receipts.pdf import pdf_receipt
from mpesa_cli.receipts.qr import QUIET, qr_runs
from mpesa_cli.receipts.receipt import Receipt
from mpesa_cli.receipts.text import COLUMNS, text_receipt
from mpesa_cli.receipts.words import LABEL_MAX, WORDS, Language, facts, receipt_document
from mpesa_cli.terminal.cells import in_charset

LANGUAGES: tuple[Language, ...] = get_args(Language)

hostile = st.text(st.one_of(st.sampled_from("\x1b\n\r\t<>&\"'=é’😀"), st.characters(codec="utf-8")), min_size=1)
receipts = st.builds(
    replace, st.sampled_from([PLAIN, TILL_TRIAL]),
    shop_name=hostile, account_reference=hostile, order_id=hostile, description=hostile,
    amount_cents=st.integers(1, 10**15), owed_cents=st.integers(0, 10**9),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("paper", COLUMNS)
@pytest.mark.parametrize(("name", "receipt"), [("plain", PLAIN), ("trial", TILL_TRIAL)])
def test_paper_faces_are_what_is_stored(name: str, receipt: Receipt, paper: str, language: Language) -> None:
    text = text_receipt(receipt, language, COLUMNS[paper]) + "\n"
    assert same_as_stored(f"{name}-{paper}-{language}.txt", text.encode("ascii"))
    assert same_as_stored(f"{name}-{paper}-{language}.escpos", escpos_receipt(receipt, language, paper))


def test_html_and_json_are_what_is_stored() -> None:
    assert same_as_stored("plain-80-en.html", html_receipt(PLAIN, "en", "80").encode())
    assert same_as_stored("trial-a5-sw.html", html_receipt(TILL_TRIAL, "sw", "a5").encode())
    document = json.dumps(receipt_document(TILL_TRIAL, "sw"), indent=2, ensure_ascii=False)
    assert same_as_stored("trial-sw.json", (document + "\n").encode())


@given(receipts, st.sampled_from(LANGUAGES), st.sampled_from(sorted(COLUMNS.values())))
@example(replace(PLAIN, shop_name="x" * 90, description="y" * 200), "sw", 32)
def test_no_line_is_wider_than_the_paper_and_no_fact_is_lost(
    receipt: Receipt, language: Language, columns: int
) -> None:
    text = text_receipt(receipt, language, columns)
    assert text.isascii()
    assert [line for line in text.split("\n") if len(line) > columns or not line.isprintable()] == []
    squeezed = re.sub(r"\s", "", text)
    for fact in facts(receipt, language):
        assert re.sub(r"\s", "", in_charset(fact.value, "ascii")) in squeezed, fact


@given(receipts, st.sampled_from(LANGUAGES))
def test_no_text_of_ours_or_theirs_commands_the_printer(receipt: Receipt, language: Language) -> None:
    """The printer's commands are those of a receipt without such texts; only lines may be more."""
    data = escpos_receipt(receipt, language, "58")
    plain = escpos_receipt(replace(PLAIN, receipts=receipt.receipts), "en", "58")
    commands = re.compile(rb"[\x00-\x09\x0b-\x1f\x80-\xff]")
    assert commands.findall(data) == commands.findall(plain)


class Text(HTMLParser):
    """The text of a page, and what could load, run or send something."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loads = {"src", "href", "action", "data", "srcset", "poster", "style", "background"}
        self.active += [name for name, _ in attrs if name in loads or name.startswith("on")]
        if tag in {"script", "link", "iframe", "img", "object", "embed", "form", "base", "a"}:
            self.active.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


MARKUP = '<script>alert(1)</script><img src="http://127.0.0.1/x">'


@given(receipts, st.sampled_from(LANGUAGES), st.sampled_from(["58", "80", "a5"]))
@example(replace(PLAIN, description=MARKUP), "en", "80")
@example(replace(PLAIN, shop_name=MARKUP), "en", "80")
@example(replace(PLAIN, receipts=(MARKUP,)), "sw", "58")
def test_html_loads_nothing_and_shows_hostile_text_as_text(receipt: Receipt, language: Language, paper: str) -> None:
    page = html_receipt(receipt, language, paper)
    read = Text()
    read.feed(page)
    assert read.active == []
    assert receipt.shop_name in html.unescape(page)
    assert "url(" not in page.split("</style>")[0]
    assert "@import" not in page.split("</style>")[0]
    normal = [re.sub(r"\s", "", text) for text in read.texts]
    for fact in facts(receipt, language):
        assert re.sub(r"\s", "", fact.value) in normal, fact


@pytest.mark.parametrize("paper", ["58", "80", "a5"])
@pytest.mark.parametrize("receipt", [PLAIN, TILL_TRIAL])
def test_a_pdf_is_one_page_of_its_paper_with_every_fact(receipt: Receipt, paper: str) -> None:
    pypdf = pytest.importorskip("pypdf")
    (page,) = pypdf.PdfReader(io.BytesIO(pdf_receipt(receipt, "sw", paper))).pages
    width_mm, height_mm = (round(float(side) / 72 * 25.4) for side in page.mediabox[2:])
    assert width_mm == {"58": 58, "80": 80, "a5": 148}[paper]
    assert height_mm == 210 if paper == "a5" else 80 < height_mm < 200
    text = re.sub(r"\s", "", page.extract_text())
    for fact in facts(receipt, "sw"):
        assert re.sub(r"\s", "", fact.value).replace("•", "*") in text, fact
    assert ("SIMULATOR" in text) == (receipt.environment == "simulator")
    assert ("NAKALA" in text) == receipt.copy


def test_the_same_receipt_gives_the_same_pdf_and_a_strange_name_no_failure() -> None:
    assert pdf_receipt(PLAIN, "en", "80") == pdf_receipt(PLAIN, "en", "80")
    strange = replace(PLAIN, shop_name="Café Ñandú – “Bora” 😀", description="سوق x" * 30)
    assert pdf_receipt(strange, "en", "58").startswith(b"%PDF")


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ", min_size=1, max_size=60))
def test_the_qr_code_is_drawn_module_by_module(text: str) -> None:
    size, runs = qr_runs(text)
    drawn = [[False] * size for _ in range(size)]
    for run in runs:
        for x in range(run.x, run.x + run.length):
            drawn[run.y][x] = True
    matrix = segno.make_qr(text, error="m").matrix
    inner = [[bool(module) for module in row] for row in matrix]
    assert [row[QUIET:-QUIET] for row in drawn[QUIET:-QUIET]] == inner
    assert sum(map(sum, drawn)) == sum(map(sum, inner))  # the quiet zone is quiet


def test_both_languages_are_complete_and_fit_every_paper() -> None:
    labels = (
        "paybill", "till", "account", "order", "purpose", "receipt", "date", "payer", "in_words", "owed", "reference",
    )
    for words in WORDS.values():
        texts = [getattr(words, name) for name in words.__slots__ if name != "months"]
        assert all(text and text.isascii() for text in texts)
        assert max(len(getattr(words, label)) for label in labels) <= LABEL_MAX
        assert max(len(f"** {words.simulator} **"), len(f"** {words.sandbox} **")) <= min(COLUMNS.values())
        assert len(f"{words.title} ({words.copy})") <= min(COLUMNS.values())
        assert len(set(words.months)) == 12
        assert {len(month) for month in words.months} == {3}
    assert set(WORDS) == set(LANGUAGES)
    same = [n for n in WORDS["en"].__slots__ if getattr(WORDS["en"], n) == getattr(WORDS["sw"], n)]
    assert same == ["paybill", "till"]  # what M-PESA itself calls them in both


@pytest.mark.parametrize(
    ("text", "encoding", "spelt"),
    [
        ("Café Ñandú", "ascii", "Cafe Nandu"),
        ("Café Ñandú", "latin-1", "Café Ñandú"),
        ("“Mama’s” – duka…", "ascii", "\"Mama's\" - duka..."),
        ("2547••••4149", "ascii", "2547****4149"),
        ("duka 😀", "ascii", "duka ?"),
        ("a\x1b[31mb\n c", "ascii", "a[31mb c"),
        ("e\u0301", "ascii", "e"),
    ],
)
def test_text_is_spelt_as_near_as_the_printer_can(text: str, encoding: str, spelt: str) -> None:
    assert in_charset(text, encoding) == spelt
