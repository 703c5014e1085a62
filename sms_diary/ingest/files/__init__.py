"""A school's files: bytes to rows of cells, rows to typed rows with what is wrong in each.

`text` reads CSV, `header` finds the columns, `contacts` and `marks` read the two kinds of list,
`identity` and `proofs` decide what they mean, `report` says what came of it. All of that is pure;
`load_contacts` (with `enrol`) and `load_marks` put it into the database. Nothing opens a file.
"""
