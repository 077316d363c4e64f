"""The service: doors where the world comes in, an engine that acts, and records that remember."""
