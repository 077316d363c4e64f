"""Which of a caller's accounts a wish is for."""

from __future__ import annotations

from handlers.conversation import Account, Action, Answer, Caller, Do, Say


def for_their_account(action: Action, caller: Caller) -> Answer:
    """Act on the only account there is. With several we never guess: it could be another's."""
    match caller.accounts:
        case ():
            return Say("not_enabled")
        case (Account() as account,):
            return Do(action, account)
        case _:
            return Say("several_accounts")  # here the question which one will be asked
