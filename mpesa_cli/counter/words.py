"""The words of the counter, in English and Kiswahili: one table, so that neither language lacks one."""

from collections.abc import Callable
from typing import TypeAlias

Say: TypeAlias = Callable[..., str]
"""A function from a text's name, and what stands in it, to the text in the shop's language."""

TEXTS: dict[str, tuple[str, str]] = {
    # the form
    "phone": ("Phone", "Simu"),
    "amount": ("Amount", "Kiasi"),
    "order": ("Order", "Oda"),
    "order_made": ("made by itself", "itajitengeneza"),
    "type_phone": ("Type the customer's number, then Enter.", "Andika nambari ya mteja, kisha Enter."),
    "type_amount": ("Type the amount, then Enter.", "Andika kiasi, kisha Enter."),
    "no_payments": ("No payments from this number yet.", "Nambari hii haijalipa hapa bado."),
    "last": ("Last: {payments}", "Yaliyopita: {payments}"),
    "wait_turn": ("This phone was asked a moment ago: the next prompt in {seconds} s.",
                  "Simu hii iliombwa sasa hivi: ombi lijalo baada ya sekunde {seconds}."),
    "scanned": ("A scanner typed this: look at it. Nothing was sent.",
                "Skana imeandika hii: iangalie. Hakuna kilichotumwa."),
    # cards
    "waiting": ("WAITING", "INASUBIRI"),
    "paid": ("PAID", "IMELIPWA"),
    "not_paid": ("NOT PAID", "HAIJALIPWA"),
    "unknown": ("UNKNOWN", "HAIJULIKANI"),
    "look": ("LOOK AT THIS", "ANGALIA HII"),
    "not_sent": ("NOT SENT", "HAIJATUMWA"),
    "not_done": ("NOT DONE", "HAIJAFANYIKA"),
    "note": ("NOTE", "TAARIFA"),
    "sending": ("the prompt is being sent", "ombi linatumwa"),
    "overdue": ("its time is over; it can still be paid, M-PESA is being asked",
                "muda wake umekwisha; bado inaweza kulipwa, M-PESA inaulizwa"),
    "tell": ("Tell the customer: {words}", "Mwambie mteja: {words}"),
    "receipt": ("receipt {receipt}", "risiti {receipt}"),
    "receipt_later": ("no receipt yet", "risiti bado"),
    "again_now": ("r asks again", "r huomba tena"),
    "again_in": ("r asks again in {seconds} s", "r huomba tena baada ya sekunde {seconds}"),
    "again_never": ("may not be asked again: {command}", "haiwezi kuombwa tena: {command}"),
    "do_not_ask": ("Do not ask again. M-PESA is asked by itself; or: {command}",
                   "Usiombe tena. M-PESA inaulizwa yenyewe; au: {command}"),
    "look_at": ("A person must look: {command}", "Mtu lazima aangalie: {command}"),
    "seconds": ("{seconds} s", "sek {seconds}"),
    # lists
    "customers": ("Customers", "Wateja"),
    "nobody": ("Nobody waits.", "Hakuna anayesubiri."),
    "by_hand": ("Came in by hand, pays no order yet", "Imelipwa moja kwa moja, haina oda bado"),
    "none_by_hand": ("None.", "Hakuna."),
    "more": ("{count} more", "zaidi: {count}"),
    "age": ("{minutes} min ago", "dak {minutes} zilizopita"),
    "is_asked": ("<- asked for", "<- kinaombwa"),
    # questions
    "q_ask": ("Ask {phone} to pay {amount} to {kind} {number}, order {order}?",
              "Mwombe {phone} alipe {amount} kwa {kind} {number}, oda {order}?"),
    "q_again": ("Ask {phone} again to pay {amount}, order {order}?",
                "Mwombe {phone} tena alipe {amount}, oda {order}?"),
    "q_claim": ("{amount} from {payer}, {time}, receipt {receipt}: does it pay order {order}?",
                "{amount} kutoka {payer}, {time}, risiti {receipt}: inalipa oda {order}?"),
    "q_yes": ("Enter: yes.   Esc: no, nothing is done.", "Enter: ndiyo.   Esc: hapana, hakuna kinachofanyika."),
    "q_other_amount": ("The order asks for {asked}, and {came} came.", "Oda inaomba {asked}, na zimekuja {came}."),
    "q_other_order": ("Other customers wait for the same amount: {orders}.",
                      "Wateja wengine wanasubiri kiasi hicho hicho: {orders}."),
    "q_digits": ("To claim it type {which}, then Enter: {typed}", "Kuichukua andika {which}, kisha Enter: {typed}"),
    "q_digits_phone": ("the payer's last three digits", "tarakimu tatu za mwisho za mlipaji"),
    "q_digits_amount": ("the amount that came, in shillings", "kiasi kilichokuja, kwa shilingi"),
    "q_wrong": ("Those are not the digits. Nothing was done.", "Tarakimu si hizo. Hakuna kilichofanyika."),
    # a customer's SMS
    "sms_title": ("Paste or type the customer's SMS, or its code, then Enter. Esc goes back.",
                  "Bandika au andika SMS ya mteja, au nambari yake, kisha Enter. Esc hurudi."),
    "sms_asking": ("Asking M-PESA …", "Inauliza M-PESA …"),
    # notices
    "too_busy": ("Too many prompts are being sent at once. Nothing was sent. Wait a moment, then type it again.",
                 "Maombi mengi yanatumwa kwa wakati mmoja. Hakuna kilichotumwa. Subiri kidogo, kisha andika tena."),
    "picked_up": ("Order {order} is being paid already: no second prompt.",
                  "Oda {order} inalipwa tayari: hakuna ombi la pili."),
    "claimed": ("{receipt} pays order {order} now.", "{receipt} inalipa oda {order} sasa."),
    "printed": ("The receipt of order {order} was printed.", "Risiti ya oda {order} imechapishwa."),
    "choose_paid": ("Choose a card that is paid first: up and down.", "Chagua kwanza kadi iliyolipwa: juu na chini."),
    "choose_again": ("Choose a card that is not paid first: up and down.",
                     "Chagua kwanza kadi ambayo haijalipwa: juu na chini."),
    "no_printer": ("No printer is named: mpesa counter --printer tcp://HOST:9100",
                   "Hakuna printa iliyotajwa: mpesa counter --printer tcp://HOST:9100"),
    "no_hand": ("Nothing came in by hand that can be claimed.", "Hakuna malipo ya moja kwa moja ya kuchukua."),
    "changed": ("It has changed meanwhile: look again.", "Imebadilika: angalia tena."),
    "broke": ("This did not work ({error}). Where the money stands: mpesa status",
              "Haikufanikiwa ({error}). Pesa ilipo: mpesa status"),
    # the last lines
    "today": ("Today {count} paid, {sum}", "Leo {count} zimelipwa, {sum}"),
    "listener": ("Listener", "Listener"),
    "here": ("in this program", "ndani ya programu hii"),
    "answers": ("answers", "inajibu"),
    "not_needed": ("not needed, M-PESA is asked", "haihitajiki, M-PESA inaulizwa"),
    "silent": ("no answer since {time}", "haijibu tangu {time}"),
    "daraja": ("Daraja", "Daraja"),
    "not_asked": ("not asked yet", "haijaulizwa bado"),
    "ok_at": ("ok {time}", "sawa {time}"),
    "no_answer": ("no answer since {time}", "haijibu tangu {time}"),
    "sms": ("SMS", "SMS"),
    "sms_off": ("off", "imezimwa"),
    "sms_ok": ("ok", "sawa"),
    "sms_stuck": ("{count} not sent", "{count} hazijatumwa"),
    "callback": ("Callback", "Callback"),
    "none_yet": ("none yet", "hakuna bado"),
    "at": ("{time}", "{time}"),
    "since": ("last {time}, {minutes} min ago", "ya mwisho {time}, dak {minutes} zilizopita"),
    "ledger_busy": ("The ledger can't be read: {words} What is shown is from {time}.",
                    "Leja haisomeki: {words} Kinachoonyeshwa ni cha {time}."),
    "small": ("The window is too small: 80 by 24 is needed.", "Dirisha ni dogo sana: 80 kwa 24 inahitajika."),
    "keys": ("F2 print F3 SMS F4 order F5 check SMS F7 claim r again Esc clear ? keys F10 end",
             "F2 chapa F3 SMS F4 oda F5 hakiki SMS F7 chukua r tena Esc futa ? vitufe F10 isha"),
}

KEYS: tuple[tuple[str, str, str], ...] = (
    # key, English, Kiswahili
    ("0-9 Enter", "the customer's number, then the amount: the prompt goes out",
     "nambari ya mteja, kisha kiasi: ombi linatumwa"),
    ("Tab", "the next field", "sehemu inayofuata"),
    ("Up Down", "choose a customer's card, or a payment by hand", "chagua kadi ya mteja, au malipo ya moja kwa moja"),
    ("F6", "go from the customers to what came in by hand, and back",
     "toka kwa wateja hadi malipo ya moja kwa moja, na kurudi"),
    ("Esc", "clear what is typed; else put the chosen card away", "futa kilichoandikwa; au ondoa kadi iliyochaguliwa"),
    ("F8", "put away every card that is paid or not paid", "ondoa kadi zote zilizolipwa au zisizolipwa"),
    ("r", "ask the chosen customer again, where that is safe", "mwombe mteja tena, panapokuwa salama"),
    ("F7", "claim the chosen payment by hand for an order", "chukua malipo ya moja kwa moja kwa ajili ya oda"),
    ("F4", "name the order yourself", "taja oda mwenyewe"),
    ("F5", "check an SMS that a customer shows", "hakiki SMS anayoonyesha mteja"),
    ("F2", "print the receipt of the chosen card", "chapa risiti ya kadi iliyochaguliwa"),
    ("F3", "send the receipt of the chosen card as an SMS", "tuma risiti ya kadi kwa SMS"),
    ("?", "this list", "orodha hii"),
    ("F10", "end; what waits goes on, and mpesa status shows it",
     "maliza; yanayosubiri yanaendelea, na mpesa status huyaonyesha"),
)
"""Every key, and what it does."""


def speaker(language: str) -> Say:
    """The words of one language, ``en`` or ``sw``."""
    column = 1 if language == "sw" else 0

    def say(name: str, /, **parts: object) -> str:
        return TEXTS[name][column].format(**parts)

    return say
