"""What keys are to a form and to a question: a scanner sends nothing, and no stray key answers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.counter.form import Answer, Burst, Field, Form, Question, grouped
from mpesa_cli.counter.words import KEYS, TEXTS


@given(st.lists(st.floats(0.0, 0.1), min_size=1, max_size=20), st.floats(0.0, 0.1))
def test_a_burst_is_a_scanners_where_its_last_eight_keys_and_the_cr_came_within_thirty_milliseconds_each(
    gaps: list[float], last: float
) -> None:
    burst, at = Burst(), 100.0
    for gap in gaps:
        at += gap
        burst.key(at)
    quick = [g < 0.030 for g in gaps[1:]]
    run = next((n for n, fast in enumerate(reversed(quick)) if not fast), len(quick)) + 1
    near = any(abs(gap - 0.030) < 1e-6 for gap in [*gaps, last])
    assert near or burst.ends(at + last) == (run >= 8 and last < 0.030)


@pytest.mark.parametrize(("since_s", "answer"), [(0.0, Answer.NOTHING), (0.399, Answer.NOTHING), (0.401, Answer.YES)])
def test_an_enter_within_400_ms_of_a_question_is_none(since_s: float, answer: Answer) -> None:
    question = Question(("Ask?",))
    assert question.enter(5.0) is Answer.NOTHING  # it is not on the screen yet
    question.painted(10.0)
    question.painted(20.0)
    assert question.enter(10.0 + since_s) is answer


def test_what_was_typed_before_a_question_was_painted_is_dropped_and_wrong_digits_are_no_answer() -> None:
    question = Question(("Claim?",), digits="149")
    question.key("1", 1.0)
    question.painted(2.0)
    question.key("9", 1.9)
    for digit in "148":
        question.key(digit, 3.0)
    assert question.enter(4.0) is Answer.WRONG
    for digit in "149":
        question.key(digit, 5.0)
    assert question.enter(6.0) is Answer.YES
    assert Question(("Claim?",), digits="149").enter(9.0) is Answer.NOTHING


def test_a_number_is_grouped_while_it_is_typed() -> None:
    assert [grouped(text) for text in ("0", "07123", "0712345678", "254712345678", "+254712", "")] == [
        "0", "0712 3", "0712 345 678", "254 712 345 678", "+254 712", "",
    ]


def test_fields_take_what_belongs_in_them() -> None:
    assert Form().typed("+254 (712) 34a").phone == "+25471234"
    assert Form(field=Field.AMOUNT).typed("1,500.x").amount == "1500"
    assert Form(field=Field.ORDER).typed(" A 1").order == "A 1"
    assert Form(phone="07").rubbed_out() == Form(phone="0")


def test_every_text_is_there_in_both_languages_with_the_same_parts() -> None:
    for name, (english, swahili) in TEXTS.items():
        assert english, name
        assert swahili, name
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", swahili)), name
    assert all(all(each) for each in KEYS)
    for keys in TEXTS["keys"]:
        assert len(keys) <= 80
