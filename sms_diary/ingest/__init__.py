"""What a school says, from bytes to entries of the diary.

`records` and `parsing` read the webhook's JSON, `files` reads a school's tables; both
end in a `drafts.Draft`. `reading` makes typed tables of any file, in a process of its own;
`kinds` makes records of its tables, whatever the format.
`matching` says which pupil, class and entry a draft means;
`values` holds the words of marks, absences, terms and dates that all of them share.
These are pure. `accept` alone turns drafts into entries, in a transaction; class lists reach
the database by `files.load_contacts`. `imports` plans, applies and undoes whole imports of any
files, `watch` those that come into a folder.
"""
