"""Slips on paper. The form names no class: to hash the passwords of one for every role is dear, and
what is printed is tried by tests/desk/test_slips.py."""

from tests.desk.examples import Example

EXAMPLES = {"slips": Example(form={"class": "0"})}
