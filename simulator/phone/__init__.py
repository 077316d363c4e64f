"""The phone in the browser, and the computer beside it."""
