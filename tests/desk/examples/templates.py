"""Templates: the text of one mark, which every school has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.desk.examples import Example

if TYPE_CHECKING:
    from tests.desk.conftest import Running

OWN = "{{ имя }}: {{ предмет }} {{ отметка }}"


async def _mark(_desk: Running) -> dict[str, str]:
    return {"name": "mark"}


EXAMPLES = {
    "templates/{name}": Example(ids=_mark, form={"source": OWN, "do": "save"}),
    "templates/{name}/preview": Example(ids=_mark, form={"source": OWN}),
    "templates/{name}/reset": Example(ids=_mark, form={"version": "0"}),
}
