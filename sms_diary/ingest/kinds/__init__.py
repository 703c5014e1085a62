"""Kinds of files that schools have: from tables to records, row by row, with nothing lost.

A module a kind: `recognise(tables)` says how sure it is that these are its tables, 0 to 1, and
`read(tables, context)` yields a `RowResult` for every row of data. `recognise` asks all of them.
Pure: who a pupil is and what is new is for `matching` and `accept`; bytes are for `reading`.
"""
