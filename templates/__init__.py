"""What we say, kept out of the code: one folder a language, one file a message."""
