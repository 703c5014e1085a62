"""The command line, a module a group. Thin: what a command does lives below."""

from __future__ import annotations

import typer

from sms_diary.cli import (
    announcements,
    away,
    backup,
    calls,
    consents,
    desk,
    exports,
    forms,
    held,
    holidays,
    imports,
    inbound,
    messages,
    numbers,
    own_templates,
    person,
    providers,
    quarantine,
    report_fill,
    report_visits,
    reports,
    requests,
    routes,
    schools,
    service,
    slips,
    subscriptions,
    templates,
    tokens,
    trial,
    year,
)

app = typer.Typer(
    name="sms-diary",
    help="SMS-дневник: отметки, пропуски, задания и расписание — в SMS родителям.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
service.register(app)
app.command(name="call")(calls.call)
app.add_typer(schools.app, name="school")
app.add_typer(schools.staff, name="staff")
app.add_typer(tokens.app, name="token")
app.add_typer(desk.app, name="desk")
app.add_typer(backup.app, name="backup")
app.add_typer(subscriptions.app, name="subscriptions")
app.add_typer(imports.app, name="import")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(year.app, name="year")
app.command(name="export")(exports.export)
app.add_typer(routes.app, name="route")
app.add_typer(providers.app, name="provider")
app.add_typer(messages.app, name="messages")
requests.register(consents.app)
app.add_typer(consents.app, name="consents")
app.add_typer(inbound.app, name="inbound")
app.add_typer(numbers.app, name="numbers")
app.add_typer(forms.app, name="forms")
app.add_typer(slips.app, name="slips")
app.add_typer(person.app, name="person")
app.add_typer(held.app, name="held")
app.add_typer(holidays.app, name="holidays")
app.add_typer(away.app, name="away")
report_fill.register(reports.app)
report_visits.register(reports.app)
app.add_typer(reports.app, name="report")
app.add_typer(announcements.app, name="announcement")
own_templates.register(templates.app)
app.add_typer(templates.app, name="templates")
trial.register(app)
