"""All that is held on one person, and how it is destroyed on demand (152-ФЗ ст. 14, 20, 21).

`held.py` reads it for the person to see; `erase.py` destroys what is held on a number, `pupil.py`
on a child; `texts.py` and `bodies.py` are where it stands. What time destroys is
`store/retention.py`'s.
"""
