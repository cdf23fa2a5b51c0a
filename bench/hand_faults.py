# ruff: noqa: E501 - lines of the program, and a sentence each
"""Faults that somebody could make in a quiet moment, each with what it would do to a customer or the shop. All must be caught.

`bench/mutants.py --by-hand` puts them in one by one. ``old`` stands in its module exactly once.
"""

from typing import NamedTuple


class HandFault(NamedTuple):
    """One change of a module's text, and the harm it does."""

    module: str
    old: str
    new: str
    harm: str


FAULTS = (
    # What a person decided
    HandFault("rules/state.py", "decision = max(known.decisions,", "decision = min(known.decisions,",
              "who corrects a decision is not heard: the first word of a person counts for ever"),
    HandFault("rules/state.py", "key=lambda d: (d.at_us, d.verdict)", "key=lambda d: (d.verdict, d.at_us)",
              "paid beats failed, whichever was said last: goods go out for a payment that was taken back"),
    HandFault("rules/state.py", "if decision is not None and not came_after(decision, known):", "if decision is not None:",
              "a person's failed hides money that was reported later"),
    HandFault("rules/sorted_evidence.py", "times += [c.at_us for c in known.claimed]", "times += []",
              "a callback that says paid after a person's failed is not looked at by anybody"),
    HandFault("ledger/writes.py", "return last is not None and replace(last, at_us=0) == replace(evidence, at_us=0)",
              "return replace(evidence, at_us=0) in [replace(k, at_us=0) for k in known]",
              "paid, failed, paid: the third word is dropped as a repeat of the first"),
    HandFault("books/statement_matching.py", 'return view.source != "person"', "return True",
              "a statement row overturns what a person decided failed, without asking"),
    HandFault("rules/paid.py", "free = [*clean, *(r for r in known.received if not r.claimed_elsewhere)]", "free = [*clean, *known.received]",
              "a person's paid takes the receipt that pays another order: sold twice"),
    # Queries
    HandFault("rules/sorted_evidence.py", "times.setdefault(query.result_code, [])", 'times.setdefault("", [])',
              "two queries with different codes agree: a prompt that may be paid is asked for again"),
    HandFault("rules/sorted_evidence.py", "max(t) - min(t) >= AGREEING_QUERIES_APART_S * SECOND_US", "len(t) > 1",
              "two queries in the same second make a no final"),
    HandFault("rules/state.py", "and called.result_code == queried.result_code and _is_listed_no", "and _is_listed_no",
              "callback and query with different codes agree on a no that neither proves"),
    HandFault("rules/state.py", "confirmed=queries_agree(known.queries))", "confirmed=True)",
              "one query's no is final, and the sandbox's was seen wrong: a second charge"),
    HandFault("payments/ask.py", "if not _is_its_own(ledger, attempt, checkout_request_id):", "if False:",
              "the payment of one order is told of another"),
    HandFault("rules/retry_advice.py", "wait_s = max(_left_s(a.view.settled_us, AGREEING", "wait_s = min(_left_s(a.view.settled_us, AGREEING",
              "of two doubtful prompts only the earlier one is waited for"),
    # Retries by themselves
    HandFault("rules/retry_advice.py", 'return _timed(spacing_s, "A person decided that no money came.", automatic=False)',
              'return _timed(spacing_s, "A person decided that no money came.", automatic=True)',
              "a batch rings a customer again whose payment a person had closed"),
    HandFault("rules/asking_again.py", "return automatic or not isinstance(asking, ByItself)", "return True",
              "a batch rings a customer again who has just cancelled"),
    HandFault("rules/retry_advice.py", "last = next((a for a in reversed(payment.attempts) if not _given_up(a)), payment.last)", "last = payment.last",
              "a cancel, then an abandoned intent: the cancel is forgotten, and the customer rung again without anybody asking"),
    HandFault("rules/retry_advice.py", "return attempt.withdrawn and attempt.state is AttemptState.NOT_SENT", "return attempt.withdrawn",
              "a prompt that was refused counts as given up, and its reason is forgotten"),
    HandFault("payments/retry_loop.py", "case RetryNow(reason, automatic) if automatic or not made:", "case RetryNow(reason, _):",
              "one run asks a customer again and again after a no"),
    HandFault("payments/push.py", "if _is_abandoned(payment.last, now_us):", "if payment.last.state is AttemptState.CREATED:",
              "a prompt that another till is about to send is taken over at once"),
    HandFault("payments/push.py", "is_fresh = 0 <= now_us", "is_fresh = now_us",
              "a clock was set back: an abandoned order waits for as long as it went back"),
    HandFault("rules/push_rules.py", "and not attempt.withdrawn\n", "\n",
              "an intent that another process took over is sent all the same: two prompts"),
    HandFault("rules/push_rules.py", "and payment.last.ref == attempt.ref\n", "\n",
              "an older attempt is sent beside the newest: two prompts"),
    HandFault("rules/push_rules.py", "len(announced - refused) < POSTS_MAX", "len(announced - refused) <= POSTS_MAX",
              "three POSTs of one attempt may have been delivered"),
    # Clocks
    HandFault("rules/push_rules.py", "if since_us is None or now_us < since_us:\n        return 0", "if since_us is None:\n        return 0",
              "a clock was set back: a phone is busy for as long as it went back"),
    HandFault("rules/retry_advice.py", "or since_us - now_us > period_s * SECOND_US:", "or False:",
              "a clock was set back: a retry waits for as long as it went back"),
    HandFault("rules/restored.py", "return self.seq > gap.seq and self.at_us", "return self.at_us",
              "a clock was set back: what was said before a restore counts as said after it, and an order is asked for that was paid in the gap"),
    HandFault("floor/gate.py", "if min(passed) < -MAY_RUN_BACK_S:\n            return 0.0", "if False:\n            return 0.0",
              "a clock ran back: a POST leaves that nobody can say is in time"),
    HandFault("floor/gate.py", "max(0.0, self._total_s - max(passed))", "max(0.0, self._total_s - min(passed))",
              "a machine that slept sends a prompt when it wakes"),
    HandFault("payments/settle.py", "SENDER_LOST_AFTER_S = int(TOTAL_S) + RECORDED_WITHIN_S", "SENDER_LOST_AFTER_S = int(TOTAL_S) - RECORDED_WITHIN_S",
              "a sender is called lost while its POST may still leave"),
    # Money by hand, receipts, statements
    HandFault("rules/by_hand.py", "may_pay(each, money) and proves(each.msisdn, money.payer)]", "may_pay(each, money)]",
              "a stranger's money whose payer is unknown pays the open prompt of that amount"),
    HandFault("rules/by_hand.py", "return proven[0] if len(proven) == 1 else None", "return proven[0] if proven else None",
              "of two prompts that fit the first is called paid"),
    HandFault("initiator/verdict.py", "not fits(claim.msisdn, money.payer or None):", "claim.msisdn != money.payer:",
              "a payer of whom M-PESA shows nothing is called another phone, and a customer who paid is sent away"),
    HandFault("initiator/verdict.py", "elif any(order_key(each) != order_key(claim.order_id) for each in (money.order_id, *shown_for) if each):", "elif money.order_id and order_key(money.order_id) != order_key(claim.order_id):",
              "a receipt that was shown for one order is REAL for the next: goods go out twice"),
    HandFault("initiator/verdict.py", "if money.order_id or shown_for:\n", "if money.order_id:\n",
              "the second customer who shows a free receipt gets goods too"),
    HandFault("rules/state.py", "return not terms.prompted and fits(", "return True or fits(",
              "a prompt is paid by money of another phone"),
    HandFault("rules/state.py", "if received.claimed_elsewhere or received.amount_cents", "if received.amount_cents",
              "one receipt pays two orders"),
    HandFault("rules/sorted_evidence.py", "back[key] = max(back.get(key, 0), each.amount_cents)", "back[key] = back.get(key, 0) + each.amount_cents",
              "a reversal that is reported twice counts twice"),
    HandFault("books/matching.py", "return [m for m in kept if rows[m.row] == 1 and refs[m.ref] == 1]", "return [m for m in kept if rows[m.row] == 1]",
              "two rows settle one attempt"),
    HandFault("books/matching.py", "clear = (row for row in told if amounts[row.receipt] == 1)", "clear = iter(told)",
              "a receipt that two files tell with two amounts is believed"),
    HandFault("books/statement_matching.py", "return (known.receipt, known.amount_cents) == (said.receipt, said.amount_cents)", "return False",
              "every run of reconcile adds the same row once more"),
    HandFault("ledger/writes.py", "return replace(evidence, claimed_elsewhere=True)", "return evidence",
              "a receipt that pays one order pays another too"),
    HandFault("payments/claim.py", "\n    _check_unused(ledger, claim)\n    lacks_number", "\n    lacks_number",
              "a receipt that pays one order is attached to another"),
    HandFault("rules/values/spans.py", "joined[-1] = (joined[-1][0], max(until_us, joined[-1][1]))", "joined[-1] = (joined[-1][0], until_us)",
              "a short file inside a long one takes away what the long one told, and orders stay refused"),
    HandFault("rules/values/spans.py", "if first_us > at_us:\n", "if first_us > until_us:\n",
              "a hole in the records of a restore's gap is not seen, and a paid order is asked for again"),
    # What is written, and in which order
    HandFault("listener/intake/storing.py", "return StoreOutcome(TOO_MANY, None, ask=to_ask_about(tx, place))", "return StoreOutcome(ACCEPTED, None)",
              "a callback that was not stored is answered 200, and its payment never heard of"),
    HandFault("listener/intake/intake.py", "self._failed(error, placed[0][2].peer, len(placed))\n            return []",
              "self._failed(error, placed[0][2].peer, len(placed))\n            return [(index, ACCEPTED) for index, _, _ in placed]",
              "a disk is full: what was not stored is answered 200"),
    HandFault("payments/sending.py", "if not may_send(payment, attempt, tx.evidence(ref), now_us):", "if False:",
              "nothing is asked inside the transaction that announces a POST"),
    HandFault("payments/sending.py", 'tx.append(ref, ev.Ambiguous(now_us, post, "interrupted", "stopped before an answer came"))', "pass",
              "stopped in the middle of a POST: the ledger does not say that it may have left"),
    HandFault("ledger/writes.py", "if payment.last.ref != leave.payment.last.ref:", "if False:",
              "two tills that retry at the same moment send two prompts"),
)
