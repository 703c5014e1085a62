"""What the admin's pages keep of their own: users, sessions, invitations, attempts, the audit log.

What the pages show of schools, people and messages is the other modules' of `store`.
"""
