"""Which words bring something, as the policies are: nobody is told of what is refused later on."""

from __future__ import annotations

from gateway.policy import Policy


def words_to_text(policy: Policy) -> tuple[str, ...]:
    """In the order in which mails and pages tell them."""
    changes = {"RESET": policy.reset_by_sms, "UNLOCK": policy.unlock_by_sms}
    brings = [word for word, is_on in changes.items() if is_on and not policy.needs_approval]
    return (*brings, "STATUS", "HELP")
