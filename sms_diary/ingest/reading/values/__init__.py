"""Single cells: what a date, mark, name, class, phone or consent says, or why it says nothing.

A cell comes typed (`book.Value`), as a library read it, or as text of a CSV; both mean the same.
What may mean two things is never guessed: it has candidates, and a person chooses. Pure.
"""
