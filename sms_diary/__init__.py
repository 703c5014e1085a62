"""SMS-дневник: the school's electronic journal on an ordinary phone, one short SMS at a time.

Here is the version and nothing else; start reading at `docs/architecture.md`.
"""

__version__ = "0.1.0"
