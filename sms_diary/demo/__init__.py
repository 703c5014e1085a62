"""The demo: the whole service, a simulated operator and a school's week, with data of its own.

    week      the sample files, moved to any week          journal   the journal's webhook client
    stage     service, simulator and school, started       quiet     until all is delivered
    district  two more schools, people at the desk
    story     what happens, step by step                   watch     SMS as the phones get them
    screen    how it is shown, in Russian                  play      the command

Nothing of it is a stand-in: HTTP and SMPP go over loopback, the importer is that of
`sms-diary import`, and the diary's time is a clock that `play` sets.
"""
