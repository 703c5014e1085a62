"""The JSON Schema of a provider's file, for editors. `docs/provider.schema.json` is made of it:

python -m sms_diary.channels.spec.schema > docs/provider.schema.json
"""

from __future__ import annotations

import json
from typing import Any

from sms_diary.channels.spec import File


def schema() -> dict[str, Any]:
    """What an editor can check: keys, words and types. Gaps and paths are checked on reading."""
    found = File.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "Файл оператора",
    }


if __name__ == "__main__":
    print(json.dumps(schema(), ensure_ascii=False, indent=1, sort_keys=True))  # noqa: T201  # its result
