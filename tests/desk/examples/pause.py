"""The stop-cock."""

from tests.desk.examples import Example

EXAMPLES = {"pause": Example(form={"pause": "1"})}
