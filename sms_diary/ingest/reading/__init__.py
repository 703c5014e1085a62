"""Files of a school, from bytes to typed tables; nothing here knows a pupil or stores a row.

`process` is the door: it runs `child` in a process of its own, under limits, and hands on what it
says. Inside the child `recognise` tells by content which reader is meant, and the readers
(`csvtext`, `workbook`, `webpage`, `xml2003`, `objects`, `archive`) yield the pieces of `book`.
`tables` finds headings and columns; `values` reads single cells. These two are pure.
"""
