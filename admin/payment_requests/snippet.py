"""What the customer's page calls, as a developer may copy it."""

from __future__ import annotations

import json
import re
from typing import Any

_PLAIN_KEY = re.compile(r'^(\s*)"([A-Za-z_][A-Za-z0-9_]*)": ', re.MULTILINE)


def make_snippet(parameters: dict[str, Any], *, code: str, redirect: str) -> str:
    """The call of the window in JavaScript, with exactly these parameters in their order."""
    whole = parameters | {"m_redirect_url": redirect}
    written = json.dumps(whole, ensure_ascii=False, indent=2)
    plain = _PLAIN_KEY.sub(r"\1\2: ", written)
    return f'IMP.init("{code}");\nIMP.request_pay({plain}, function (rsp) {{\n  // …\n}});\n'
