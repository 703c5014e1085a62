"""Two engines behind one small protocol.

`sql.py` reads our SQL (named parameters, the `rows` header), `sqlite.py` and
`postgres.py` are the engines, `schema.py` makes and checks the tables. No query of the
product lives here: those stand in `store/` beside the function that owns them.
"""

from sms_diary.db.base import Database, Queries, Row
from sms_diary.db.open import open_database

__all__ = ["Database", "Queries", "Row", "open_database"]
