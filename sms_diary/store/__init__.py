"""SQL beside the typed function that owns it, one module a noun.

Every function runs inside the caller's transaction. Every function that takes an id from
outside takes the school too.
"""
