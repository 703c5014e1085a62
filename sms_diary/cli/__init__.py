"""The command line, a module a group. Thin: what a command does lives below."""

from __future__ import annotations

import typer

from sms_diary.cli import consents, imports, messages, routes, schools, service, trial

app = typer.Typer(
    name="sms-diary",
    help="SMS-дневник: отметки, пропуски, задания и расписание — в SMS родителям.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
service.register(app)
app.add_typer(schools.app, name="school")
app.add_typer(schools.staff, name="staff")
app.add_typer(imports.app, name="import")
app.add_typer(routes.app, name="route")
app.add_typer(messages.app, name="messages")
app.add_typer(consents.app, name="consents")
trial.register(app)
