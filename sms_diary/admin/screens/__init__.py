"""The screens, a module each: what it reads, what it shows, what can be done there."""
