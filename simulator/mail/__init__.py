"""A mail server on this machine, and the mailboxes in which it keeps what it took."""

from simulator.mail.letters import Enclosure, Letter, Sender
from simulator.mail.mailboxes import Mail, Mailboxes
from simulator.mail.server import taking_mail

__all__ = ["Enclosure", "Letter", "Mail", "Mailboxes", "Sender", "taking_mail"]
