"""The own profile."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin.accounts.forms import PreferencesForm
from admin.accounts.service import change_preferences
from admin.domain.permissions import Permission
from admin.web.access import current_actor, requires, signed_in

bp = Blueprint("accounts", __name__, url_prefix="/profile")


@bp.get("/")
@requires(Permission.OWN_PROFILE)
def profile() -> ResponseReturnValue:
    """The signed-in person's own page."""
    operator = signed_in()
    form = PreferencesForm(formdata=None, obj=operator)
    return render_template("accounts/profile.html", operator=operator, form=form)


@bp.post("/preferences")
@requires(Permission.OWN_PROFILE)
def preferences() -> ResponseReturnValue:
    """Keep a choice and go back to where it was made."""
    form = PreferencesForm()
    if form.validate_on_submit():
        change_preferences(
            current_actor().operator_id or 0,
            locale=form.chosen_locale(),
            theme=form.chosen_theme(),
            compact=form.compact.data if "compact_choice" in request.form else None,
        )
    return redirect(own_page(request.form.get("back", "")), 303)


def own_page(path: str) -> str:
    """`path` if it is a path of ours, else the profile: never another site."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    if plain and not any(ord(letter) < 0x21 or letter == "\\" for letter in path):
        return path
    return url_for("accounts.profile")
