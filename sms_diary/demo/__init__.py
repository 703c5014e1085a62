"""The demo: the whole service, a simulated operator and a school's week, with data of its own."""
