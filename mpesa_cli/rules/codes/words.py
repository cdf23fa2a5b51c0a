"""Sentences for the customer in situations that many codes share, in English and Kiswahili."""

from typing import NamedTuple


class Words(NamedTuple):
    """One sentence for the customer, in both languages."""

    en: str
    sw: str


CHECKING = Words(
    "We are checking with M-PESA whether your payment went through. Please do not pay again yet.",
    "Tunahakiki na M-PESA kama malipo yako yamefika. Tafadhali usilipe tena kwa sasa.",
)
OUR_SIDE = Words(
    "Sorry, our M-PESA set-up has a problem. Nothing was taken. Please pay another way.",
    "Samahani, mfumo wetu wa M-PESA una hitilafu. Hakuna pesa iliyokatwa. Tafadhali lipa kwa njia nyingine.",
)
BUSY = Words(
    "M-PESA is busy just now. Nothing was taken. Please wait a moment.",
    "M-PESA ina shughuli nyingi kwa sasa. Hakuna pesa iliyokatwa. Tafadhali subiri kidogo.",
)
LINE_BUSY = Words(
    "Your line is busy with another M-PESA transaction. Please finish or close it; then we try again.",
    "Laini yako inashughulikia muamala mwingine wa M-PESA. Tafadhali umalize au uufunge, kisha tujaribu.",
)
LOOK_AT_PHONE = Words(
    "Please look at your phone and enter your M-PESA PIN.",
    "Tafadhali angalia simu yako na uweke PIN yako ya M-PESA.",
)
NO_NETWORK = Words(
    "We cannot reach M-PESA just now. Nothing was taken. Please wait a moment, or pay another way.",
    "Hatuwezi kufikia M-PESA kwa sasa. Hakuna pesa iliyokatwa. Subiri kidogo, au lipa kwa njia nyingine.",
)
NOT_TAKEN = Words(
    "M-PESA did not take the request. Nothing was taken. Please pay another way.",
    "M-PESA haikupokea ombi. Hakuna pesa iliyokatwa. Tafadhali lipa kwa njia nyingine.",
)
