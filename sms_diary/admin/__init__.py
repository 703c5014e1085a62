"""The Russian web pages for those who run the service."""
