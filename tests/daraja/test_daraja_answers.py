"""Every body Daraja and its gateway are known to send, and many they should not, read to what it proves."""

import json

import pytest
from daraja_servers import PAYLOADS, payload
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.daraja.answers import (
    Accepted,
    Ambiguous,
    Final,
    Limited,
    Pending,
    Refused,
    Unanswered,
    Undelivered,
    read_push_answer,
    read_query_answer,
)
from mpesa_cli.daraja.token_answer import Token, read_token_answer
from mpesa_cli.floor.secret import Secret


def envelope(code: str | None, message: str, **more: object) -> bytes:
    body = {"requestId": "3c7d-4e58-b1a6", "errorMessage": message, **more}
    return json.dumps(body if code is None else {**body, "errorCode": code}).encode()


BUSY = "System is busy. Please try again in few minutes."
PUSH_PAYLOADS = {
    "stkpush.response.ok.json": (200, Accepted),
    "stkpush.response.ok.legacy-ids.json": (200, Accepted),
    "stkpush.error.400.invalid-amount.json": (400, Refused),
    "stkpush.error.400.invalid-callbackurl.json": (400, Refused),
    "stkpush.error.400.invalid-phone.json": (400, Refused),
    "stkpush.error.400.invalid-shortcode.json": (400, Refused),
    "stkpush.error.400.invalid-timestamp.json": (400, Refused),
    "stkpush.error.400.missing-transactiondesc.json": (400, Refused),
    "stkpush.error.401.no-apiproduct.json": (401, "token"),
    "stkpush.error.404.invalid-token.json": (404, "token"),
    "stkpush.error.404.resource.json": (404, Refused),
    "stkpush.error.405.json": (405, Refused),
    "stkpush.error.500.busy.json": (500, "backoff"),
    "stkpush.error.500.internal.json": (500, Ambiguous),
    "stkpush.error.500.lock-subscriber.json": (500, Refused),
    "stkpush.error.500.merchant.json": (500, Refused),
    "stkpush.error.500.quota.json": (500, "backoff"),
    "stkpush.error.500.spike-arrest.json": (500, "backoff"),
    "stkpush.error.500.wrong-credentials.json": (500, Refused),
    "gateway.error.403.imperva.html": (403, Ambiguous),
    "gateway.error.429.apigee-fault.json": (429, "backoff"),
    "gateway.error.503.unavailable.html": (503, Ambiguous),
    "gateway.error.soap-fault-as-json.json": (500, Ambiguous),
}


def verdict(answer: object) -> object:
    return answer.retry if isinstance(answer, Undelivered) else type(answer)


@pytest.mark.parametrize(("name", "status", "proves"), [(n, s, p) for n, (s, p) in PUSH_PAYLOADS.items()])
def test_every_push_payload_proves_what_the_table_says(name: str, status: int, proves: object) -> None:
    assert verdict(read_push_answer(status, payload(name))) == proves


def test_no_push_payload_is_left_out() -> None:
    known = {p.name for pattern in ("stkpush.[re]*", "gateway.*") for p in PAYLOADS.glob(pattern)}
    assert known - {"stkpush.request.paybill.json", "stkpush.request.till.json"} == set(PUSH_PAYLOADS)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (404, "404.001.03", "Invalid Access Token"),
        (400, "400.003.01", "Invalid Access Token"),
        (401, "401.002.01", "Error Occurred - Invalid Access Token - q9Xw2secretTOKENechoed"),
        (401, "401.001", "invalid access token"),
        (401, "401.003.01", "Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found"),
    ],
)
def test_all_five_forms_of_a_refused_token_are_one(status: int, code: str, message: str) -> None:
    answer = read_push_answer(status, envelope(code, message))
    assert verdict(answer) == "token"
    assert answer.error_code == code  # type: ignore[union-attr]
    assert "q9Xw2secretTOKENechoed" not in repr(answer)
    assert isinstance(read_query_answer(status, envelope(code, message)), Undelivered)


@pytest.mark.parametrize(
    ("message", "credentials"),
    [
        ("Wrong credentials", True),
        ("[MerchantValidate] - WRONG CREDENTIALS", True),
        ("Merchant does not exist", False),
        ("Unable to lock subscriber, a transaction is already in process for the current subscriber", False),
        ("transaction already in process", False),
    ],
)
def test_one_overloaded_code_is_told_apart_by_its_message(message: str, credentials: bool) -> None:
    assert read_push_answer(500, envelope("500.001.1001", message)) == Refused("500.001.1001", message, credentials)


@pytest.mark.parametrize(
    ("status", "body", "slug"),
    [
        (200, b"", "empty-200"),
        (200, b"<html>Request unsuccessful</html>", "html"),
        (200, b"[]", "odd-answer"),
        (200, b'"0"', "odd-answer"),
        (200, b"{}", "odd-answer"),
        (200, b'{"ResponseCode": "0"}', "odd-answer"),
        (200, b'{"ResponseCode": "0", "CheckoutRequestID": ""}', "odd-answer"),
        (200, b'{"ResponseCode": "0", "CheckoutRequestID": 7}', "odd-answer"),
        (200, b'{"ResponseCode": "0", "CheckoutRequestID": null}', "odd-answer"),
        (200, b'{"ResponseCode": "0", "CheckoutRequestID": ["ws_CO_1"]}', "odd-answer"),
        (200, b'{"ResponseCode": "0", "CheckoutRequestID": "ws CO\\u0000"}', "odd-answer"),
        (200, b'{"ResponseCode": "00000000", "CheckoutRequestID": "ws_CO_1"}', "odd-answer"),
        (200, b'{"ResponseCode": " 0", "CheckoutRequestID": "ws_CO_1"}', "odd-answer"),
        (200, b'{"ResponseCode": false, "CheckoutRequestID": "ws_CO_1"}', "odd-answer"),
        (200, b'{"ResponseCode": 0.0, "CheckoutRequestID": "ws_CO_1"}', "odd-answer"),
        (200, b'{"ResponseCode": null, "CheckoutRequestID": "ws_CO_1"}', "odd-answer"),
        (200, b'{"CheckoutRequestID": "ws_CO_1"}', "odd-answer"),
        (200, b'{"ResponseCode": "0", "ResponseCode": "1", "CheckoutRequestID": "ws_CO_1"}', "bad-json"),
        (200, b'{"ResponseCode": "0", "CheckoutRequestID": "ws_CO_1", "x": NaN}', "bad-json"),
        (200, b'{"ResponseCode": "0", "CheckoutRequestID": "ws_CO_1\xff"}', "bad-json"),
        (200, b'{"ResponseCode": "0", "CheckoutRequestID": "ws_CO_1"', "bad-json"),
        (200, b"[" * 100_000, "bad-json"),
        (200, envelope("500.003.02", BUSY, ResponseCode="0", CheckoutRequestID="ws_CO_1"), "odd-answer"),
        (200, envelope("500.003.02", BUSY), "odd-answer"),
        (201, payload("stkpush.response.ok.json"), "http-201"),
        (302, b"", "http-302"),
        (400, b"", "empty-400"),
        (400, b" \r\n", "empty-400"),
        (400, b'{"message": "not ours"}', "http-400"),
        (400, envelope("400.002.02", "Bad Request", CheckoutRequestID="ws_CO_1"), "http-400"),
        (400, envelope("500.003.1001", "Internal Server Error"), "500.003.1001"),
        (400, envelope("503.001", "Something went wrong"), "503.001"),
        (429, b"", "http-429"),
        (429, b'{"fault": {"faultstring": "x", "detail": {"errorcode": "steps.other"}}}', "steps.other"),
        (500, b"", "http-500"),
        (500, b"oops", "http-500"),
        (500, envelope("500.001.1001", "The transaction is being processed"), "500.001.1001"),
        (502, b"<html>Bad gateway</html>", "http-502"),
        (503, b"{}", "http-503"),
        (504, envelope("504.000", "Gateway Timeout"), "504.000"),
        (500, b'{"errorMessage": "Wrong credentials"}', "http-500"),
    ],
)
def test_what_proves_nothing_is_ambiguous(status: int, body: bytes, slug: str) -> None:
    answer = read_push_answer(status, body)
    assert isinstance(answer, Ambiguous), answer
    assert answer.error_code == slug


def test_an_acceptance_may_give_its_code_as_a_number_and_lack_the_merchants_id() -> None:
    body = b'{"ResponseCode": 0, "CheckoutRequestID": "ws_CO_1", "MerchantRequestID": {}}'
    assert read_push_answer(200, body) == Accepted("", "ws_CO_1")


def test_another_response_code_in_a_200_is_a_no() -> None:
    body = b'{"ResponseCode": "1", "ResponseDescription": "Rejected\\nfor a reason"}'
    assert read_push_answer(200, body) == Refused("1", "Rejected for a reason")


def test_an_error_without_a_code_is_named_by_its_status() -> None:
    answer = read_push_answer(400, envelope(None, "The element AccountReference is invalid."))
    assert answer == Refused("http-400", "The element AccountReference is invalid.")


def test_words_are_short_clean_and_scrubbed_before_they_are_cut() -> None:
    secret = Secret("s3cr3t-" * 6)
    message = "a\x1b[2J\n" + "x" * 270 + secret.reveal()
    answer = read_push_answer(400, envelope("400.002.02", message), [secret])
    assert isinstance(answer, Refused)
    assert len(answer.description) <= 300
    assert answer.description.isprintable()
    assert "s3cr" not in answer.description


def test_a_secret_in_the_place_of_an_error_code_is_not_shown() -> None:
    token = Secret("kQ3vT8yLmZ0aXw7RbN5cUeHpJ1sG")
    answer = read_push_answer(400, envelope(token.reveal(), "no"), [token])
    assert answer == Refused("http-400", "no")


def test_of_a_web_page_the_status_is_kept_and_its_title() -> None:
    answer = read_push_answer(403, payload("gateway.error.403.imperva.html"))
    assert answer == Ambiguous("http-403", "HTTP 403 with a web page in it")
    titled = read_push_answer(502, b"<html><title>Bad\n gateway</title><p>Ray ID</html>")
    assert titled == Ambiguous("http-502", 'HTTP 502 with a web page titled "Bad gateway" in it')
    placeholder = read_push_answer(400, envelope("400.002.02", "Bad Request - Invalid <Amount>"))
    assert placeholder == Refused("400.002.02", "Bad Request - Invalid <Amount>")


ASKED = "ws_CO_24112026103001482708374149"


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("stkquery.response.success.json", 200, Final("0", "The service request is processed successfully.")),
        ("stkquery.response.cancelled.json", 200, Final("1032", "Request cancelled by user")),
        ("stkquery.response.insufficient.json", 200, Final("1", "The balance is insufficient for the transaction.")),
        ("stkquery.response.unreachable.json", 200, Final("1037", "DS timeout user cannot be reached")),
        ("stkquery.response.sandbox-E3008.json", 200, Final("E3008", "Error, the user has a bad debt contract.")),
        ("stkquery.response.pending-4999.json", 200, Pending("The transaction is still under processing")),
        ("stkquery.error.500.pending.json", 500, Pending("The transaction is being processed")),
        ("stkquery.error.500.unknown.json", 500, Pending("The transaction does not Exist")),
        (
            "stkquery.error.400.invalid-checkoutrequestid.json",
            400,
            Refused("400.002.02", "Bad Request - Invalid CheckoutRequestID"),
        ),
        ("stkpush.error.500.wrong-credentials.json", 500, Refused("500.001.1001", "[MerchantValidate] - Wrong credentials", True)),  # noqa: E501
        ("stkpush.error.500.merchant.json", 500, Refused("500.001.1001", "Merchant does not exist")),
        ("stkpush.error.500.busy.json", 500, Limited(60, BUSY)),
        ("stkpush.error.500.spike-arrest.json", 500, Limited(60, "Error Occurred: Spike Arrest Violation")),
        ("stkpush.error.500.quota.json", 500, Limited(300, "Error Occurred: Quota Violation")),
        ("stkpush.error.500.internal.json", 500, Unanswered("500.003.1001", "Internal Server Error")),
    ],
)
def test_every_query_payload_says_what_the_table_says(name: str, status: int, expected: object) -> None:
    assert read_query_answer(status, payload(name), checkout_request_id=ASKED) == expected


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, payload("gateway.error.403.imperva.html"), Limited),
        (429, payload("gateway.error.429.apigee-fault.json"), Limited),
        (429, b"", Limited),
        (503, payload("gateway.error.503.unavailable.html"), Unanswered),
        (500, payload("gateway.error.soap-fault-as-json.json"), Unanswered),
        (500, payload("stkpush.error.500.lock-subscriber.json"), Unanswered),
        (200, b"<html>", Unanswered),
        (200, b'{"ResponseCode": "0"}', Unanswered),
        (200, b'{"ResultCode": "0"}', Unanswered),
        (200, b'{"ResponseCode": "0", "ResultCode": true}', Unanswered),
        (200, b'{"ResponseCode": "0", "ResultCode": "0", "ResultCode": "1032"}', Unanswered),
        (200, b'{"ResponseCode": "0", "ResultCode": "0", "CheckoutRequestID": "another"}', Unanswered),
        (200, b'{"ResponseCode": "17", "ResultCode": "0"}', Refused),
        (200, b'{"ResponseCode": 0, "ResultCode": 0}', Final),
    ],
)
def test_a_query_answer_is_believed_only_where_it_is_one(status: int, body: bytes, kind: type) -> None:
    assert isinstance(read_query_answer(status, body, checkout_request_id=ASKED), kind)


def test_daraja_may_say_itself_how_long_to_wait() -> None:
    assert read_query_answer(429, b"", retry_after_s=7) == Limited(7, "HTTP 429 with nothing in it")


@pytest.mark.parametrize("name", ["oauth.response.ok.json", "oauth.response.ok.numeric-expires.json"])
def test_a_lifetime_is_read_from_text_and_from_a_number(name: str) -> None:
    assert read_token_answer(200, payload(name)) == Token(Secret("kQ3vT8yLmZ0aXw7RbN5cUeHpJ1sG"), 3599)


@pytest.mark.parametrize("nonsense", ['"soon"', "null", "-1", "0", "true", "[]", '"³"', "3.5"])
def test_a_lifetime_that_makes_no_sense_is_taken_to_be_short(nonsense: str) -> None:
    answer = read_token_answer(200, f'{{"access_token": "abc", "expires_in": {nonsense}}}'.encode())
    assert answer == Token(Secret("abc"), 300)


@pytest.mark.parametrize(
    ("status", "body", "credentials"),
    [
        (400, payload("oauth.error.400.wrong-credentials.empty-body.txt"), True),
        (400, payload("oauth.error.400.008.01.json"), True),
        (400, payload("oauth.error.400.008.02.json"), False),
        (401, b"", True),
        (404, envelope("404.001.01", "Resource not found"), False),
    ],
)
def test_oauth_refusals_say_whether_the_keys_are_to_blame(status: int, body: bytes, credentials: bool) -> None:
    answer = read_token_answer(status, body)
    assert isinstance(answer, Refused)
    assert answer.credentials is credentials


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, payload("gateway.error.403.imperva.html")),
        (503, payload("gateway.error.503.unavailable.html")),
        (429, payload("gateway.error.429.apigee-fault.json")),
        (500, envelope("500.003.02", BUSY)),
        (200, b"<html>"),
        (200, b'{"access_token": ""}'),
        (200, b'{"access_token": "two words"}'),
        (200, b'{"access_token": "a\\r\\nX-Injected: 1"}'),
        (200, b'{"access_token": 7}'),
        (200, b"[]"),
    ],
)
def test_anything_else_is_no_token_yet(status: int, body: bytes) -> None:
    assert isinstance(read_token_answer(status, body), Unanswered)


codes = st.sampled_from(["0", 0, "00", "1", 17, "", None, True, 0.0, "500.001.1001", [], "é"])
texts = st.one_of(st.text(max_size=30), st.sampled_from(["Wrong credentials", "Invalid Access Token - x", BUSY]))
bodies = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(sorted(PUSH_PAYLOADS)).map(payload),
    st.dictionaries(
        st.sampled_from(
            ["ResponseCode", "CheckoutRequestID", "MerchantRequestID", "errorCode", "errorMessage", "requestId",
             "fault", "ResultCode", "ResultDesc"]
        ),
        st.one_of(codes, texts, st.just("ws_CO_1"), st.dictionaries(st.text(max_size=5), texts, max_size=2)),
    ).map(lambda body: json.dumps(body).encode()),
)


@given(status=st.one_of(st.just(200), st.integers(100, 599)), body=bodies)
def test_acceptance_needs_a_200_a_zero_and_an_id(status: int, body: bytes) -> None:
    answer = read_push_answer(status, body)
    if isinstance(answer, Accepted):
        found = json.loads(body)
        assert status == 200
        assert str(found["ResponseCode"]) == "0"
        assert answer.checkout_request_id == found["CheckoutRequestID"].strip() != ""
    else:
        assert len(answer.description) <= 300
        assert "\n" not in answer.description


@given(status=st.one_of(st.just(200), st.integers(100, 599)), body=bodies)
def test_no_body_is_too_odd_for_any_reader(status: int, body: bytes) -> None:
    query = read_query_answer(status, body, [Secret("abcd")])
    if isinstance(query, Final) and query.result_code == "0":
        assert status == 200
        assert str(json.loads(body)["ResultCode"]) == "0"
    read_token_answer(status, body, [Secret("abcd")])
