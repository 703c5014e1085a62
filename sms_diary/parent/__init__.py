"""The parent's page at `/my`: Russian, without JavaScript, for a phone and for a shared computer.

`way_in.py` lets in (code by SMS, slip of paper), `serving.py` answers whoever is in, a module a
page shows and does. What stands behind it in the database is `store/parent/`.
"""
