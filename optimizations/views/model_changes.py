"""What people change on the page of models: a model, its prices, the shipped list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from featurememory.database.write_lock import write_turn
from featurememory.models import Activity, Project
from featurememory.page_access import changing, current_project
from optimizations.manager import OptimizationManager
from optimizations.model_catalog import Registration, store_price
from optimizations.models import RegisteredModel
from optimizations.prices.shipped_prices import load_shipped_prices
from optimizations.views.model_forms import ModelForm
from optimizations.views.registered_models import render_models


@require_POST
@changing
def save_model(request: HttpRequest) -> HttpResponse:
    """Registers or changes a model and its price; a form that cannot be used comes back."""
    form, project = ModelForm(request.POST), current_project(request)
    if not form.is_valid():
        return render_models(request, form, status=422)
    name = form.cleaned_data["model_id"]
    known = RegisteredModel.objects.filter(project=project, model_id=name).first()
    given = form.registration(known)
    if known or given.enabled:
        OptimizationManager(project).register(given)
    else:
        with write_turn():
            store_price(project, given)
    record_change(request, project, given)
    messages.success(request, f"Saved {name}.")
    return redirect("models")


def record_change(request: HttpRequest, project: Project, given: Registration) -> None:
    Activity.objects.create(
        project=project,
        actor=str(request.user.get_username()),
        verb="model",
        summary=f"Changed the model {given.model_id}"[:300],
        link="/models/",
    )


@require_POST
@changing
def load_prices(request: HttpRequest) -> HttpResponse:
    """Adds the shipped list; prices of one's own stay as they are."""
    count = load_shipped_prices(current_project(request), str(request.user.get_username()))
    text = (
        f"Loaded {count:,} prices. Compare them with their pages."
        if count
        else ("Every price of the shipped list is known already.")
    )
    messages.success(request, text)
    return redirect("models")
