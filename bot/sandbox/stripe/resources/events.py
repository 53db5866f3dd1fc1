"""Events and the endpoints that they are delivered to."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, merge_metadata, new_id
from bot.sandbox.stripe.routing import Params, crud, route

crud("Event", "/v1/events", kind="event")


@route("GET", "/v1/events", "EventListParams")
def list_events(account: Account, params: Params) -> Object:
    if "delivery_success" in params:
        raise invalid("The local Stripe does not filter events by delivery.", "delivery_success")
    if "types" in params and "type" in params:
        raise invalid("You may only provide one of: type, types.", code="parameters_exclusive")
    wanted = params.pop("types", []) or ([params["type"]] if "type" in params else [])
    extra = {"type": wanted} if wanted else {}
    return page(account, "event", "/v1/events", params, **extra)


def create(account: Account, params: Params) -> Object:
    known = {"url", "enabled_events", "description", "metadata", "api_version"}
    for name in set(params) - known:
        raise invalid(f"The local Stripe does not know {name} of webhook endpoints.", name)
    endpoint: Object = {
        "id": account.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": account.now(),
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "status": "enabled",
        "url": _url(params["url"]),
        "_secret": new_id("whsec", 32),
    }
    account.add(endpoint)
    account.forget_endpoints()
    return {**endpoint, "secret": endpoint["_secret"]}


def _url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ApiError(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )
    return url


def update(account: Account, params: Params, endpoint_id: str) -> Object:
    endpoint = account.get("webhook_endpoint", endpoint_id)
    if "url" in params:
        endpoint["url"] = _url(params["url"])
    if "enabled_events" in params:
        endpoint["enabled_events"] = params["enabled_events"]
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    if "description" in params:
        endpoint["description"] = params["description"] or None
    endpoint["metadata"] = merge_metadata(endpoint["metadata"], params.get("metadata"))
    account.forget_endpoints()
    return account.save(endpoint)


crud("WebhookEndpoint", "/v1/webhook_endpoints", kind="webhook_endpoint", create=create, update=update)


@route("GET", "/v1/webhook_endpoints", "WebhookEndpointListParams")
def list_endpoints(account: Account, params: Params) -> Object:
    return page(account, "webhook_endpoint", "/v1/webhook_endpoints", params)


@route("DELETE", "/v1/webhook_endpoints/{}", "WebhookEndpointDeleteParams")
def delete(account: Account, _params: Params, endpoint_id: str) -> Object:
    account.get("webhook_endpoint", endpoint_id)
    account.store.remove(endpoint_id)
    account.forget_endpoints()
    return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}
