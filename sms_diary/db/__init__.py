"""Two engines behind one small protocol.

`sql.py` reads our SQL (named parameters, the `rows` header), `sqlite.py` and
`postgres.py` are the engines, `schema.py` makes and checks the tables. No query of the
product lives here: those stand in `store/` beside the function that owns them.
"""

from sms_diary.db.base import Database, Queries, Row
from sms_diary.db.open import open_database
from sms_diary.db.outage import is_outage

__all__ = ["Database", "Queries", "Row", "is_outage", "open_database"]
