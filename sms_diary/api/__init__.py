"""HTTP for machines: the events door, the admin endpoint, health. Errors are RFC 9457."""
