"""The outside world for the demo, development and tests."""
