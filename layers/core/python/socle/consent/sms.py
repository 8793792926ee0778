"""What people answer to an SMS: STOP and the like, word for word. Pure.

The English words are those that carriers and AWS know (docs.aws.amazon.com/sms-voice, "Required opt-out keywords"), the others
what laws and habit have elsewhere.
"""

from __future__ import annotations

import re
import unicodedata

_STOP = frozenset(("stop", "stopall", "stop all", "unsubscribe", "unsub", "cancel", "end", "quit", "revoke", "opt out", "optout",
                   "arret", "arreter", "desabonner", "desinscrire", "fin", "stopp", "abmelden", "baja", "alto", "cancelar",
                   "parar", "sair", "basta", "annulla", "afmelden", "stop sms"))
_START = frozenset(("start", "unstop", "subscribe", "resume", "opt in", "optin", "reprendre", "abonner", "alta", "anmelden"))
_HELP = frozenset(("help", "info", "aide", "hilfe", "ayuda", "aiuto"))
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def reading(text: str) -> str | None:
    """`stop`, `start` or `help` for a text that says so and nothing else; None for any other.

    Case, accents, punctuation and spaces around do not matter. "Stop sending me this" says it too: what begins with STOP and
    goes on is taken for it, for of two mistakes the one that leaves people in peace is the smaller.
    """
    plain = unicodedata.normalize("NFKD", text[:500]).encode("ascii", "ignore").decode().lower()
    words = _NOT_A_WORD.sub(" ", plain).strip()
    if words in _STOP or words.startswith(("stop ", "unsubscribe ")):
        return "stop"
    if words in _START:
        return "start"
    return "help" if words in _HELP else None
