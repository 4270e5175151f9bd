"""The control plane under /_sandbox/: what buyers, KCP, the console and chance do."""

from flask import Blueprint

from sandbox.control import buyer, hooks, inspection, page, pg, state, windows


def control_blueprint() -> Blueprint:
    """One blueprint with every control; the gatekeeper keeps strangers out."""
    bp = Blueprint("control", __name__, url_prefix="/_sandbox", template_folder="templates")
    for part in (page, inspection, state, hooks, buyer, pg, windows):
        bp.register_blueprint(part.bp)
    return bp
