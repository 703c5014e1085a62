"""Passwords: argon2id (RFC 9106, the low-memory profile of argon2-cffi), off the event loop.

An unknown login costs the same work as a known one, so time does not tell who is here.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 200
_HASHER = PasswordHasher()
_THREADS = ThreadPoolExecutor(2, "passwords")
"""Each takes 64 MiB: a flood of logins must wait, not eat the machine."""
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$4KmWwm56+VE3Cr0eQRBXFg"
    "$o4eH2kotbJzt+ZKMGO+Rcuq2tEa3jgiEzM2A6/4fRao"
)
"""Of a password that nobody knows, as dear as those of `_HASHER`. Made beforehand: to make it takes
as long as to start half of the program, and most commands need none."""


async def hashed(password: str) -> str:
    """The PHC string to keep."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def fits(password: str, kept: str) -> bool:
    """Whether this is the password; `kept` "" is nobody's and takes as long."""
    loop = asyncio.get_running_loop()
    right = await loop.run_in_executor(_THREADS, _verify, password, kept or _NOBODY)
    return right and bool(kept)


def wrong(password: str, login: str) -> str:
    """Why this cannot be a password, in Russian; "" if it can."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"Нужно от {SHORTEST} до {LONGEST} знаков. Удобно взять несколько слов подряд."
    if password.casefold() == login.casefold() or len(set(password)) < SHORTEST // 2:
        return "Такой пароль легко угадать. Возьмите несколько слов подряд."
    return ""


def _verify(password: str, kept: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
