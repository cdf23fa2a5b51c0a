"""The asynchronous core: intent before wire, what may be sent again, and what a result is believed to say."""

import contextlib
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import RECEIPT, body, result

from mpesa_cli.daraja.initiator import Again, Command, Initiator
from mpesa_cli.daraja.reversal import reversal_command
from mpesa_cli.daraja.transaction_status import status_command
from mpesa_cli.floor.errors import MpesaError, NotDelivered, RequestRefused, SettingsError, Temporary
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.api_request import RequestState
from mpesa_cli.initiator.ask import InitiatorContext, ask
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.initiator.verdict import Verdict
from mpesa_cli.initiator.verify import ask_daraja, look_up, remember_shown
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.receipt_claim import Claim

ACK = (200, body("async.ack.ok"))
REVERSAL = Command(
    "/mpesa/reversal/v1/request", "TransactionReversal", RECEIPT, {"TransactionID": RECEIPT}, Again.NEVER
)
LOST = Temporary("no whole answer", hint="again", code="no-answer")
UNREACHED = NotDelivered("refused", hint="again")


@dataclass
class Shop:
    """A ledger, a clock and a Daraja that says what it is told to."""

    ledger: Ledger
    answers: list[Any]
    posts: list[dict[str, str]] = field(default_factory=list)
    now_us: int = 1_795_505_400_000_000
    slept: list[float] = field(default_factory=list)
    comes: Callable[[], None] = lambda: None
    credential: Callable[[], Secret] = lambda: Secret("CREDENTIAL")

    def post(self, path: str, body: Mapping[str, str], by: object = None) -> tuple[int, bytes]:
        assert self.ledger.rows("SELECT state FROM requests")[-1] == ("created",), "sent before its intent was stored"
        self.posts.append(dict(body))
        said = self.answers.pop(0)
        if isinstance(said, MpesaError):
            raise said
        return said  # type: ignore[no-any-return]

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_us += int(seconds * 1e6)

    @property
    def context(self) -> InitiatorContext:
        initiator = Initiator("api", "174379", ("174379", "5012345"), "https://pay.example.co.ke/", self.credential)
        return InitiatorContext(self.ledger, self, initiator, World(lambda: self.now_us, self.sleep), self.deliver)

    def deliver(self) -> None:
        self.comes()

    def receive(self, raw: bytes, channel: Any = "result") -> None:
        """What the listener does with a body that came for the newest request."""
        token = self.posts[-1]["ResultURL"].rsplit("/", 1)[1]
        request_id = Requests(self.ledger).by_token(hashlib.sha256(token.encode()).hexdigest())
        assert request_id
        with self.ledger.write() as tx:
            RequestWrites(tx).store_result(request_id, channel, raw, "", self.now_us)

    def states(self) -> list[str]:
        return [str(row[0]) for row in self.ledger.rows("SELECT state FROM requests ORDER BY created_us")]

    def verify(self, raw: bytes | None = None, **claim: Any) -> Any:
        self.comes = lambda: self.receive(raw) if raw is not None and self.posts else None
        found = look_up(self.ledger, Claim(RECEIPT, **claim), self.now_us)
        return ask_daraja(self.context, found, 5, lambda _: None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    with contextlib.ExitStack() as stack:
        def opened(*answers: Any) -> Shop:
            ledger = Ledger(tmp_path / "x.db", environment="sandbox", token_hex=secrets.token_hex)
            stack.callback(ledger.close)
            return Shop(ledger, list(answers))

        yield opened


def test_a_request_is_addressed_and_signed_as_documented(world: Any) -> None:
    w = world(ACK)
    request = ask(w.context, status_command(RECEIPT, "174379"))
    (sent,) = w.posts
    documented = json.loads(body("transactionstatus.request.by-receipt"))
    assert set(sent) == set(documented)
    assert {k: sent[k] for k in ("CommandID", "IdentifierType", "TransactionID")} == {
        k: documented[k] for k in ("CommandID", "IdentifierType")
    } | {"TransactionID": RECEIPT}
    assert sent["ResultURL"].startswith("https://pay.example.co.ke/hooks/result/")
    assert sent["ResultURL"][-32:] == sent["QueueTimeOutURL"][-32:]
    assert request.state is RequestState.ACCEPTED
    assert request.conversation_id == "AG_20261124_2010612a9f7c4be0d385"


def test_the_token_and_the_credential_are_stored_nowhere(world: Any, tmp_path: Path) -> None:
    w = world(ACK)
    ask(w.context, status_command(RECEIPT, "174379"))
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert w.posts[0]["ResultURL"][-32:].encode() not in stored
    assert b"CREDENTIAL" not in stored


def test_what_provably_did_not_arrive_is_sent_again_whatever_it_is(world: Any) -> None:
    for command in (status_command(RECEIPT, "174379"), REVERSAL):
        w = world(UNREACHED, UNREACHED, ACK)
        assert ask(w.context, command).state is RequestState.ACCEPTED
        assert len(w.posts) == 3
    w = world(UNREACHED, UNREACHED, UNREACHED)
    with pytest.raises(NotDelivered):
        ask(w.context, REVERSAL)
    assert w.states()[-1] == "not_sent"


def test_a_lost_answer_does_no_harm_to_a_question_and_is_never_repeated_for_a_reversal(world: Any) -> None:
    w = world(LOST)
    assert ask(w.context, status_command(RECEIPT, "174379")).state is RequestState.UNKNOWN
    w = world(LOST)
    assert ask(w.context, REVERSAL).state is RequestState.UNKNOWN
    assert (len(w.posts), w.states()[-1]) == (1, "unknown")


PAYOUT = Command(
    "/mpesa/b2c/v3/paymentrequest", "BusinessPayment", "RENT-11", {"OriginatorConversationID": "an-id-of-ours"},
    Again.SAME_ID, 1_000, "InitiatorName",
)
DUPLICATE, BUSY = (500, body("b2c.error.500.duplicate-originator")), (500, body("b2c.error.500.maintenance"))
FORBIDDEN = (403, body("b2c.error.403.not-authorized"))


@pytest.mark.parametrize("lost", [LOST, BUSY, (200, b"<html></html>"), (502, b"")])
def test_what_carries_its_own_id_is_sent_again_in_doubt_and_is_the_same_to_the_letter(world: Any, lost: Any) -> None:
    w = world(lost, DUPLICATE)
    assert ask(w.context, PAYOUT).state is RequestState.ACCEPTED
    first, second = w.posts
    assert first == second
    assert first["InitiatorName"] == "api"
    assert "Initiator" not in first


def test_that_an_id_is_there_already_is_a_yes_by_its_words_alone_and_to_nothing_that_has_no_id(world: Any) -> None:
    w = world(BUSY, BUSY, BUSY)
    assert ask(w.context, PAYOUT).state is RequestState.UNKNOWN, "the same code means maintenance"
    w = world(DUPLICATE)
    assert ask(w.context, REVERSAL).state is RequestState.UNKNOWN


@pytest.mark.parametrize("later", [FORBIDDEN, UNREACHED])
def test_a_later_no_takes_no_doubt_away(world: Any, later: Any) -> None:
    w = world(LOST, later, later)
    assert ask(w.context, PAYOUT).state is RequestState.UNKNOWN
    w = world(FORBIDDEN)
    with pytest.raises(RequestRefused):
        ask(w.context, PAYOUT)
    assert w.states()[-1] == "refused"


def test_a_body_is_kept_without_credential_and_addresses_where_it_moves_money(world: Any) -> None:
    w = world(ACK)
    asked = ask(w.context, REVERSAL)
    assert Requests(w.ledger).request(asked.request_id).fields == {"TransactionID": RECEIPT}  # type: ignore[union-attr]
    assert w.ledger.rows("SELECT fields, again FROM requests") == [('{"TransactionID":"UKO4Q7WX2B"}', "never")]


def test_a_refusal_that_names_the_identifier_type_says_which_key_to_change(world: Any) -> None:
    for set_to, other in (("11", "4"), ("4", "11")):
        named = b'{"errorCode":"400.002.02","errorMessage":"Bad Request - Invalid RecieverIdentifierType"}'
        w = world((400, named))
        with pytest.raises(RequestRefused) as refused:
            ask(w.context, reversal_command(RECEIPT, 15_000, "174379", set_to))
        assert f'identifier_type = "{other}"' in refused.value.hint


@pytest.mark.parametrize(("answer", "question", "reversal", "state"), [
    ((500, body("async.error.500.maintenance")), Temporary, None, "not_sent"),
    ((200, b"<html></html>"), Temporary, None, "not_sent"),
    ((200, b'{"ResponseCode":"1","ResponseDescription":"no"}'), RequestRefused, RequestRefused, "refused"),
    ((400, b'{"requestId":"1","errorCode":"400.002.02","errorMessage":"Bad Request - Invalid PartyA"}'), RequestRefused,
     RequestRefused, "refused"),
])
def test_an_answer_that_is_no_acknowledgement_is_an_error_of_its_kind(
    world: Any, answer: Any, question: Any, reversal: Any, state: str
) -> None:
    w = world(answer)
    with pytest.raises(question):
        ask(w.context, status_command(RECEIPT, "174379"))
    assert w.states() == [state]
    w = world(answer)
    if reversal is None:
        assert ask(w.context, REVERSAL).state is RequestState.UNKNOWN
    else:
        with pytest.raises(reversal):
            ask(w.context, REVERSAL)
    assert w.states()[-1] == ("unknown" if reversal is None else state)


def test_a_certificate_that_cant_be_used_leaves_nothing_behind(world: Any) -> None:
    def bad() -> Secret:
        raise SettingsError("no", hint="no")

    w = world()
    w.credential = bad
    with pytest.raises(SettingsError):
        ask(w.context, status_command(RECEIPT, "174379"))
    assert (w.states(), w.posts) == ([], [])


def test_a_result_that_overtakes_the_answer_to_its_own_question_counts(world: Any) -> None:
    w = world(ACK)
    original = w.post

    def post(path: str, body: Mapping[str, str], by: object = None) -> tuple[int, bytes]:
        answer = original(path, body)
        w.receive(result(RECEIPT))
        apply_unread_results(w.ledger, "", w.now_us)
        return answer  # type: ignore[no-any-return]

    w.post = post
    assert ask(w.context, status_command(RECEIPT, "174379")).state is RequestState.ANSWERED


@pytest.mark.parametrize(("raw", "expected"), [
    (result(RECEIPT), Verdict.REAL),
    (result(RECEIPT.lower()), Verdict.REAL),
    (result(RECEIPT, credit="5012345"), Verdict.REAL),
    (result("UKO4Q7WX2C"), Verdict.NOT_PROVEN),
    (result(RECEIPT, credit="600984"), Verdict.NOT_PAID),
    (result(RECEIPT, CreditPartyName="Somebody"), Verdict.NOT_PROVEN),
    (result(RECEIPT, status="Cancelled"), Verdict.NOT_PAID),
    (result(RECEIPT, status="Declined"), Verdict.NOT_PAID),
    (result(RECEIPT, status="Expired"), Verdict.NOT_PAID),
    (result(RECEIPT, status="Initiated"), Verdict.NOT_PROVEN),
    (result(RECEIPT, status="Pending Authorized"), Verdict.NOT_PROVEN),
    (result(RECEIPT, status="Something new"), Verdict.NOT_PROVEN),
    (result(RECEIPT, Amount="much"), Verdict.NOT_PROVEN),
    (body("transactionstatus.result.failure"), Verdict.NOT_PROVEN),
    (body("transactionstatus.result.failure.25"), Verdict.NOT_PROVEN),
    (body("reversal.result.failure.R000002"), Verdict.NOT_FOUND),
    (body("accountbalance.result.success"), Verdict.NOT_PROVEN),
    (b"{}", Verdict.NOT_PROVEN),
    (None, Verdict.NOT_PROVEN),
])
def test_only_a_completed_payment_to_this_shop_under_this_receipt_is_real(
    world: Any, raw: bytes | None, expected: Verdict
) -> None:
    assert world(ACK).verify(raw).verdict is expected


def test_a_payment_that_the_shop_made_itself_is_no_payment_to_it(world: Any) -> None:
    raw = body("transactionstatus.result.success.string-values").replace(b"UKO31H462N", RECEIPT.encode())
    assert world(ACK).verify(raw.replace(b"600984", b"174379")).verdict is Verdict.NOT_PAID


def test_a_question_that_is_on_its_way_is_waited_for_and_not_asked_twice(world: Any) -> None:
    w = world(ACK)
    assert w.verify().verdict is Verdict.NOT_PROVEN
    looked = len(w.slept)
    w.comes = lambda: w.receive(result(RECEIPT)) if len(w.slept) > looked else None  # while the second one waits
    found = look_up(w.ledger, Claim(RECEIPT), w.now_us)
    assert ask_daraja(w.context, found, 5, lambda _: None).verdict is Verdict.REAL
    assert len(w.posts) == 1


def test_a_queue_that_gave_up_is_told_at_once_and_a_result_that_comes_after_all_is_believed(world: Any) -> None:
    gave_up = json.dumps({"Result": {"ResultType": 1, "ResultCode": 1, "ResultDesc": "Request timed out in the queue"}})
    w = world(ACK, ACK)
    began_us = w.now_us
    found = w.verify(gave_up.encode())
    assert found.verdict is Verdict.NOT_PROVEN
    assert f"M-PESA's queue timed out. Ask again: mpesa verify {RECEIPT}" in found.why
    assert w.now_us - began_us < 5_000_000, "it waited for an answer that will not come"
    assert w.verify(result(RECEIPT)).verdict is Verdict.REAL
    more = json.dumps({"Result": {"ResultType": 1, "ResultCode": 0, "ResultDesc": "more will follow"}})
    w.receive(more.encode())
    apply_unread_results(w.ledger, "", w.now_us)
    assert w.states()[-1] == "answered"


def test_a_question_whose_result_was_lost_with_its_asker_is_asked_anew(world: Any) -> None:
    w = world(ACK, ACK)
    assert w.verify().verdict is Verdict.NOT_PROVEN
    w.comes = lambda: None
    found = look_up(w.ledger, Claim(RECEIPT), w.now_us)
    w.comes = lambda: w.receive(result(RECEIPT)) if len(w.posts) == 2 else None
    assert ask_daraja(w.context, found, 30, lambda _: None).verdict is Verdict.REAL
    assert len(w.posts) == 2


def test_of_two_tills_that_are_shown_one_receipt_at_once_only_one_calls_it_real(world: Any) -> None:
    w = world(ACK)
    checked = [w.verify(result(RECEIPT), order_id=order) for order in ("1042", "1043")]
    assert [each.verdict for each in checked] == [Verdict.REAL, Verdict.REAL], "neither was remembered yet"
    verdicts = [remember_shown(w.ledger, each, w.now_us).verdict for each in checked]
    assert verdicts == [Verdict.REAL, Verdict.USED_ALREADY]
    assert [each.order_id for each in Requests(w.ledger).shown(RECEIPT)] == ["1042"]


def test_after_a_complaint_about_the_initiator_it_is_asked_anew(world: Any) -> None:
    w = world(ACK, ACK)
    assert w.verify(body("transactionstatus.result.failure")).verdict is Verdict.NOT_PROVEN
    assert w.verify(result(RECEIPT)).verdict is Verdict.REAL
    assert len(w.posts) == 2


def test_a_wrong_password_is_not_tried_so_often_that_it_locks_the_api_user(world: Any) -> None:
    w = world(*[ACK] * 5)
    wrong = body("transactionstatus.result.failure")
    for posts in (1, 2, 2, 2):
        checked = w.verify(wrong)
        assert (checked.verdict, len(w.posts)) == (Verdict.NOT_PROVEN, posts)
    assert "it was not asked" in checked.why
    w.sleep(901)
    assert w.verify(result(RECEIPT)).verdict is Verdict.REAL
