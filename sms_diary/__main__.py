"""`python -m sms_diary` and the `sms-diary` command."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from sms_diary.cli import app

    app()


if __name__ == "__main__":
    main()
