"""The words that carriers answer themselves, and the one handler that each may belong to.

As a command any other of our words would misfire on them: after CANCEL no text of ours arrives,
and YES undoes a STOP. From Twilio's defaults, what AWS asks of every number, and the common
translations; matched by carriers only where a text is nothing but the word.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from handlers.conversation import Text

STOP_WORDS: Final = (
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
    "OPT-OUT",
    "REMOVE",
    "TD",
    "ARRET",
    "ARRÊT",
)
START_WORDS: Final = ("START", "UNSTOP", "YES")
HELP_WORDS: Final = ("HELP", "INFO", "AYUDA", "AIDE")

_OWNERS = {"stop": STOP_WORDS, "start": START_WORDS, "help": HELP_WORDS}

WORDS_OF_CARRIERS: Final[Mapping[str, str]] = MappingProxyType(
    {" ".join(Text(word).words): owner for owner, words in _OWNERS.items() for word in words}
)
"""Word, as `Text.words` spells it, to the name of the handler that may claim it."""

_NOBODYS = """
    ALTO BAJA CANCELAR DETENER PARAR INICIAR COMENZAR SI
    ARRETER ANNULER DESABONNER DEBUT COMMENCER OUI
    STOPP ABBRECHEN ABMELDEN ANMELDEN JA
    SAIR DESCADASTRAR INSCREVER SIM
    ANNULLA CANCELLA DISATTIVA INIZIA
    ANNULEREN AFMELDEN AANMELDEN
    BEGIN CONTINUE JOIN SUBSCRIBE OPTIN
"""

KEPT_FREE: Final = frozenset(_NOBODYS.split())
"""What senders in other countries let mean STOP, START or YES, and carriers may learn from them.

We do nothing at these, as no carrier has told us that it acts at them; and no command may be one.
"""
