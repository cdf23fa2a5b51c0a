"""Result codes of M-Pesa Express (STK push), in callbacks and in query answers.

Codes whose sources are weak or disagree are UNSURE: they prove nothing until callback and query agree.
``automatic`` marks the two after which nobody has anything to decide: the line was busy (1001), or the phone
was not reached (1037). Without a PIN nothing is charged, so ringing again is at worst a nuisance. A wrong
PIN, a cancelled prompt and missing money need the customer; an expired one (1019) needs somebody to look.
"""

from mpesa_cli.rules.codes.rows import Actor, Api, Code, NewAttempt, Outcome
from mpesa_cli.rules.codes.words import CHECKING, OUR_SIDE

_PAGE = "Safaricom's M-Pesa Express page, result codes (as of December 2025)"
_GENERAL = "Safaricom's general M-Pesa result codes, Account Balance page (as of December 2025)"
_LISTS = "community lists only; not in Safaricom's table"
_DAY_S = 86_400


def _row(
    code: str, title: str, decision: tuple[Outcome, Actor, NewAttempt, int],
    *, staff: str, customer: str, sw: str, source: str, automatic: bool = False,
) -> Code:
    outcome, actor, new_attempt, wait_s = decision
    return Code(
        Api.STK, code, title, outcome, actor, new_attempt, wait_s,
        staff=staff, customer=customer, customer_sw=sw, source=source, automatic=automatic,
    )


STK_CODES: tuple[Code, ...] = (
    _row("0", "Paid", (Outcome.PAID, Actor.NOBODY, NewAttempt.NEVER, 0),
         staff="Paid. The money has come in.",
         customer="Thank you, we have received your payment.",
         sw="Asante, tumepokea malipo yako.", source=_PAGE),
    _row("1", "Not enough money", (Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: too little money on the customer's M-PESA. Nothing was taken. Try again after a "
               "top-up.",
         customer="Your M-PESA balance is too low. Please top up and tell us, or pay another way.",
         sw="Salio lako la M-PESA halitoshi. Tafadhali ongeza pesa kisha utuambie, au lipa kwa njia "
            "nyingine.",
         source=_PAGE),
    _row("2", "Below the smallest amount", (Outcome.FAILED, Actor.STAFF, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: the amount is below M-PESA's smallest. Nothing was taken. Ask for a larger "
               "amount.",
         customer="This amount is too small for M-PESA. Please pay another way.",
         sw="Kiasi hiki ni kidogo mno kwa M-PESA. Tafadhali lipa kwa njia nyingine.", source=_PAGE),
    _row("3", "Above the largest amount", (Outcome.FAILED, Actor.STAFF, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: the amount is above M-PESA's limit for one payment. Nothing was taken. Split it "
               "into two.",
         customer="This amount is above M-PESA's limit for one payment. We can split it in two.",
         sw="Kiasi hiki kimezidi kikomo cha M-PESA kwa malipo ya mara moja. Tunaweza kuyagawa mara mbili.",
         source=_PAGE),
    _row("4", "Customer's daily limit reached",
         (Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_WAIT, _DAY_S),
         staff="Not paid: the customer's M-PESA limit for today is used up. Nothing was taken. "
               "Use another line, or tomorrow.",
         customer="You have reached your M-PESA limit for today. Please use another line or pay another "
                  "way.",
         sw="Umefikia kikomo chako cha M-PESA cha leo. Tafadhali tumia laini nyingine au lipa kwa njia "
            "nyingine.",
         source=_PAGE),
    _row("8", "Shop's account is full", (Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: the shop's own M-PESA account is full. Nothing was taken. Tell the owner to "
               "withdraw from it.",
         customer=OUR_SIDE.en, sw=OUR_SIDE.sw, source=_PAGE),
    # Elsewhere 17 is a general internal failure (docs/reference/assumptions.md A4), hence the check.
    _row("17", "Same amount too soon", (Outcome.FAILED, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 120),
         staff="Not paid by this prompt: the same amount was asked of this customer under 2 minutes ago. "
               "Check whether the earlier one was paid.",
         customer="M-PESA does not take the same amount twice within two minutes. Please wait while we "
                  "check.",
         sw="M-PESA haikubali kiasi kilekile mara mbili ndani ya dakika mbili. Tafadhali subiri tuhakiki.",
         source=f"{_PAGE}; other pages use 17 for an internal failure"),
    _row("26", "M-PESA is overloaded", (Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 180),
         staff="M-PESA is too busy and it is not sure that the prompt ended. Money may have moved: check "
               "before asking.",
         customer=CHECKING.en, sw=CHECKING.sw, source=_GENERAL),
    _row("99", "No transaction found", (Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 120),
         staff="M-PESA does not find this prompt. That does not prove that no money moved: check the "
               "M-PESA statement.",
         customer=CHECKING.en, sw=CHECKING.sw,
         source="one library's notes, an old query code; not in Safaricom's table"),
    _row("1001", "Line busy", (Outcome.FAILED, Actor.SYSTEM, NewAttempt.AFTER_WAIT, 60),
         automatic=True,
         staff="Not paid: the customer's line is busy with another M-PESA transaction. Nothing was taken. "
               "Wait a minute.",
         customer="Your line is busy with another M-PESA transaction. Please finish or close it; we try "
                  "again shortly.",
         sw="Laini yako inashughulikia muamala mwingine wa M-PESA. Tafadhali umalize au uufunge; "
            "tutajaribu tena.",
         source="Safaricom's M-Pesa Ratiba codes; in prompt callbacks several independent reports"),
    _row("1019", "Expired", (Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_CHECK, 60),
         staff="Not paid: the prompt expired before it was completed. Nothing was taken. Ask the "
               "customer, try again.",
         customer="The M-PESA request expired before it was completed. Shall we send it again?",
         sw="Muda wa ombi la M-PESA umeisha kabla ya kukamilika. Tutume tena?", source=_PAGE),
    _row("1025", "Prompt could not be sent", (Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_CHECK, 60),
         staff="Not paid: M-PESA could not send the prompt, often because its text is too long. Nothing "
               "was taken. "
               "Use a shorter reference.",
         customer="M-PESA could not show the request on your phone. Nothing was taken. Please wait a "
                  "moment.",
         sw="M-PESA haikuweza kuonyesha ombi kwenye simu yako. Hakuna pesa iliyokatwa. Tafadhali subiri "
            "kidogo.",
         source=_PAGE),
    _row("1032", "Cancelled by the customer", (Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: the prompt was cancelled on the phone. Nothing was taken. Ask whether the "
               "customer wants it again.",
         customer="The M-PESA request was cancelled on your phone. Shall we send it again?",
         sw="Ombi la M-PESA limeghairiwa kwenye simu yako. Tutume tena?",
         source=f"{_PAGE}; seen in production"),
    _row("1036", "Prompt perhaps not delivered", (Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 60),
         staff="The prompt probably never reached the phone, but that is not proven. Check before asking "
               "again.",
         customer=CHECKING.en, sw=CHECKING.sw, source=_LISTS),
    _row("1037", "Phone not reached", (Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_CHECK, 60),
    automatic=True,
         staff="Not paid: the phone was off or out of reach, or nobody answered the prompt. Nothing was "
               "taken.",
         customer="We could not reach your phone. Please check that it is on and has network, and watch "
                  "for the request.",
         sw="Hatukuweza kufikia simu yako. Tafadhali hakikisha imewashwa na ina mtandao, kisha usubiri "
            "ombi.",
         source=f"{_PAGE}; seen in production, the second wording in one live report of July 2026"),
    _row("1101", "Prompt text too long", (Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: M-PESA refused the prompt's text as too long. Nothing was taken. Use a shorter "
               "reference.",
         customer=OUR_SIDE.en, sw=OUR_SIDE.sw, source="one live report of 2019; not in Safaricom's table"),
    _row("2001", "Wrong PIN", (Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: the M-PESA PIN was wrong. Nothing was taken. Ask the customer before sending it "
               "again.",
         customer="The M-PESA PIN was not right. Shall we send the request again? Too many wrong PINs "
                  "lock your M-PESA.",
         sw="PIN ya M-PESA haikuwa sahihi. Tutume ombi tena? PIN ikikosewa mara nyingi M-PESA yako "
            "hufungwa.",
         source=_PAGE),
    _row("2006", "Customer's account not active", (Outcome.FAILED, Actor.CUSTOMER, NewAttempt.NEVER, 0),
         staff="Not paid: M-PESA is not active for this customer. Nothing was taken. Use another line or "
               "another way.",
         customer="Your M-PESA account is not active. Please call Safaricom on 100, or pay from another "
                  "line.",
         sw="Akaunti yako ya M-PESA haitumiki kwa sasa. Tafadhali piga Safaricom kwa 100, au lipa kwa "
            "laini "
            "nyingine.",
         source=_GENERAL),
    _row("2028", "Till and paybill mixed up", (Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: this till or paybill may not ask in this way. Nothing was taken. Tell the "
               "owner: wrong set-up.",
         customer=OUR_SIDE.en, sw=OUR_SIDE.sw,
         source=f"{_PAGE}; community lists that call it an amount limit are taken to be wrong"),
    _row("2029", "Wrong type of shortcode", (Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: the kind of shortcode does not fit the request. Nothing was taken. Tell the "
               "owner: wrong set-up.",
         customer=OUR_SIDE.en, sw=OUR_SIDE.sw, source=_LISTS),
    _row("4999", "Still being processed", (Outcome.NOT_FINAL, Actor.NOBODY, NewAttempt.NEVER, 0),
         staff="Not finished yet: the customer may still be entering the PIN. Money may yet move. Do not "
               "ask again.",
         customer="Please look at your phone and enter your M-PESA PIN.",
         sw="Tafadhali angalia simu yako na uweke PIN yako ya M-PESA.",
         source="seen live in query answers, six independent reports of 2025 and 2026"),
    _row("8006", "PIN locked", (Outcome.FAILED, Actor.CUSTOMER, NewAttempt.NEVER, 0),
         staff="Not paid: the customer's M-PESA PIN is locked. Nothing was taken. Use another line or "
               "another way.",
         customer="Your M-PESA PIN is locked. Please call Safaricom on 100 or 200, or pay from another "
                  "line.",
         sw="PIN yako ya M-PESA imefungwa. Tafadhali piga Safaricom kwa 100 au 200, au lipa kwa laini "
            "nyingine.",
         source=_PAGE),
    _row("9999", "Prompt failed, reason not given",
         (Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 60),
         staff="M-PESA reports an error while sending the prompt. It is not sure that no money moved: "
               "check first.",
         customer=CHECKING.en, sw=CHECKING.sw, source=_LISTS),
    _row("SFC_IC0003", "Receiver not known", (Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
         staff="Not paid: M-PESA does not know this till or paybill in this form. Nothing was taken. Tell "
               "the owner.",
         customer=OUR_SIDE.en, sw=OUR_SIDE.sw, source=_PAGE),
    _row("E3008", "Customer's line barred (sandbox)",
         (Outcome.UNSURE, Actor.NOBODY, NewAttempt.AFTER_CHECK, 0),
         staff="Seen only in Safaricom's sandbox, for real phone numbers. It proves nothing; use the test "
               "number there.",
         customer=CHECKING.en, sw=CHECKING.sw,
         source="one live sandbox report of August 2026"),
)
