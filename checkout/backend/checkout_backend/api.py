"""The HTTP API: a thin layer that translates between requests and use cases."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Header, Path, Query, Response
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from checkout_backend import problems
from checkout_backend.cursors import Cursors
from checkout_backend.domain import Payment
from checkout_backend.schemas import (
    CheckoutView,
    NewCheckout,
    NewItem,
    NewPayment,
    PageView,
    ProblemView,
)
from checkout_backend.service import Checkouts

PATH = "/api/checkouts"
_REFS = "#/components/schemas/"
_SUMMARIES = {
    400: "The body is not JSON",
    404: "There is no such checkout",
    409: "The checkout is not in a state for this",
    413: "The body is too large",
    415: "The body is not declared as JSON",
    422: "Something in the request is not valid",
    503: "The database cannot be reached",
}
_BODY = (400, 413, 415, 422, 503)

Id = Annotated[UUID, Path(description="The id of a checkout.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Checkouts on the page at most.")]
After = Annotated[
    str | None, Query(max_length=100, description="The `next` of the page before this one.")
]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Chosen by the payer, new for each payment and the same for each retry of it.",
    ),
]


def install(app: FastAPI, checkouts: Checkouts, cursors: Cursors) -> None:
    """Give `app` the routes of the API."""

    @app.post(PATH, status_code=201, responses=_problems(*_BODY))
    def create_checkout(body: NewCheckout, response: Response) -> CheckoutView:
        """Begin a checkout."""
        checkout = checkouts.create(body.customer)
        response.headers["Location"] = f"{PATH}/{checkout.id}"
        return CheckoutView.of(checkout)

    @app.get(PATH, responses=_problems(422, 503))
    def list_checkouts(limit: Limit = 20, after: After = None) -> PageView:
        """List checkouts, newest first."""
        page = checkouts.page(limit, None if after is None else cursors.read(after))
        return PageView(
            checkouts=[CheckoutView.of(checkout) for checkout in page.checkouts],
            next=cursors.write(page.end) if page.end else None,
        )

    @app.get(PATH + "/{checkout_id}", responses=_problems(404, 503))
    def read_checkout(checkout_id: Id) -> CheckoutView:
        """Read one checkout."""
        return CheckoutView.of(checkouts.read(checkout_id))

    @app.post(PATH + "/{checkout_id}/items", status_code=201, responses=_problems(404, 409, *_BODY))
    def add_item(checkout_id: Id, body: NewItem) -> CheckoutView:
        """Add an item to an open checkout."""
        return CheckoutView.of(checkouts.add_item(checkout_id, body.item()))

    @app.post(PATH + "/{checkout_id}/payment", responses=_problems(404, 409, *_BODY))
    def pay_checkout(checkout_id: Id, body: NewPayment, key: Key) -> CheckoutView:
        """Pay the total; a retry with the same key pays nothing again and gets the same answer."""
        return CheckoutView.of(checkouts.pay(Payment(key, checkout_id, body.amount_cents)))

    @app.post(PATH + "/{checkout_id}/cancellation", responses=_problems(404, 409, 503))
    def cancel_checkout(checkout_id: Id) -> CheckoutView:
        """Cancel a checkout that is not paid."""
        return CheckoutView.of(checkouts.cancel(checkout_id))


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with problems described as the problems that they are."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        # FastAPI describes its own form of errors wherever something is checked; ours is another.
        for path in document["paths"].values():
            for operation in path.values():
                if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                    del operation["responses"]["422"]
        schemas = document["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        _, extra = models_json_schema(
            [(ProblemView, "serialization")], ref_template=_REFS + "{model}"
        )
        schemas |= extra["$defs"]
        app.openapi_schema = document
    return app.openapi_schema


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": _REFS + ProblemView.__name__}
    content = {problems.MEDIA_TYPE: {"schema": schema}}
    return {
        status: {"description": _SUMMARIES[status], "content": content}
        for status in sorted(set(statuses))
    }
