"""A school's files: bytes to rows of cells, rows to typed rows with what is wrong in each.

`text` reads CSV, `header` finds the columns, `contacts` and `marks` read the two kinds of
list. All of it is pure; opening files and storing what they say is done elsewhere.
"""
