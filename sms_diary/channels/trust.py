"""Whose certificates a route believes: those of the system, or of one file."""

from __future__ import annotations

import ssl

from sms_diary.errors import ConfigError


def context(route: str, ca_file: str) -> ssl.SSLContext:
    """TLS with a check of the host's name; `ca_file` "" = the system's. Raises ConfigError."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as wrong:
        raise ConfigError(
            f"Маршрут {route}: не читается ca_file {ca_file}. Нужен файл сертификатов в PEM."
        ) from wrong
