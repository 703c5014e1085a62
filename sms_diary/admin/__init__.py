"""The admin's desk: Russian pages for schools and the district, rendered here, one module a screen.

`table.py` lists the screens, `screen.py` says what one is, `serving.py` answers requests.
"""
