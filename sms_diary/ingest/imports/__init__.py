"""One import: many files or an archive, one report, one apply.

`gathering` reads the files (`gather` in a process of its own, where they are large) into `chunks`;
`planning` says what they would do and keeps that; `applying` does it chunk by chunk; `undoing`
takes it back while nothing was sent. `report` is what people read of it. What a cell means is
`kinds`', who is meant and what changes is `accept`'s and `files.load_contacts`'.
"""
