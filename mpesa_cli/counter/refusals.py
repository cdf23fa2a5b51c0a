"""What a key was refused for, in the shop's language: the refusals that a counter meets, by their code."""

import re

from mpesa_cli.floor.errors import MpesaError

REFUSALS_SW: dict[str, str] = {
    "phone-busy": "Simu hii imeombwa muda mfupi uliopita. M-PESA hukubali ombi moja kwa simu kwa wakati mmoja. "
        "Hakuna kilichotumwa.",
    "too-soon": "Haiwezi kuombwa tena bado. Hakuna kilichotumwa.",
    "retry-refused": "Haiwezi kuombwa tena. Hakuna kilichotumwa.",
    "already-paid": "Oda hii imeshalipwa. Hakuna ombi lililotumwa.",
    "already-tried": "Oda hii iliombwa awali. Hakuna kilichotumwa.",
    "payment-open": "Oda hii bado inaweza kulipwa. Usiombe tena. Hakuna kilichotumwa.",
    "order-differs": "Oda hii ina kiasi au simu nyingine. Hakuna kilichotumwa.",
    "partly-paid": "Oda hii imelipwa kwa sehemu. Hakuna kilichotumwa.",
    "in-review": "Mtu lazima aiangalie oda hii kwanza. Hakuna kilichotumwa.",
    "refunded": "Pesa ya oda hii imerudishwa. Hakuna kilichotumwa.",
    "restored-gap": "Leja ilirejeshwa kutoka nakala: huenda oda hii ililipwa wakati huo. Hakuna kilichotumwa.",
    "may-be-paid": "Huenda oda hii imelipwa tayari. Hakuna kilichotumwa.",
    "not-in-time": "Muda uliisha kabla ombi kutumwa. Hakuna kilichotumwa.",
    "not-delivered": "M-PESA haifikiki. Hakuna kilichotumwa. Angalia mtandao.",
    "daraja-busy": "M-PESA ina shughuli nyingi. Hakuna kilichotumwa. Jaribu tena baadaye.",
    "credentials-refused": "M-PESA imekataa funguo za duka. Hakuna kilichotumwa. Mwite mwenye duka.",
    "secret-missing": "Ufunguo mmoja wa duka haupo. Hakuna kilichotumwa. Mwite mwenye duka.",
    "callback-url-missing": "Duka halina anwani ya majibu ya M-PESA. Hakuna kilichotumwa. Mwite mwenye duka.",
    "ledger-busy": "Leja inatumiwa na programu nyingine. Jaribu tena.",
    "ledger-locked": "Leja inatumiwa na programu nyingine. Jaribu tena.",
    "ledger-missing": "Leja haipo mahali pake. Hakuna kilichotumwa. Mwite mwenye duka.",
    "disk-nearly-full": "Diski inakaribia kujaa. Hakuna kilichotumwa. Mwite mwenye duka.",
    "disk-full": "Diski imejaa. Mwite mwenye duka.",
    "answer-not-stored": "Ombi limetumwa, lakini jibu lake halikuhifadhiwa: mteja anaweza kulipa. Usiombe tena.",
    "not-claimed": "Malipo haya hayakuchukuliwa: yametumika, au hayalingani. Hakuna kilichobadilika.",
    "receipt-used": "Risiti hii inalipa oda nyingine. Hakuna kilichobadilika.",
    "changed-meanwhile": "Imebadilika wakati huo: angalia tena.",
}
_COMMAND = re.compile(r"mpesa [a-z].*$")


def refusal_words(error: MpesaError, language: str) -> str:
    """An error in a sentence or two, and the command that helps; in English where Kiswahili has no words for it."""
    hint = error.hint or ""
    if language != "sw" or error.code not in REFUSALS_SW:
        return f"{error.message} {hint}".strip()
    command = _COMMAND.search(hint)
    return f"{REFUSALS_SW[error.code]} {command[0] if command else ''}".strip()
