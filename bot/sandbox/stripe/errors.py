"""Stripe's error envelope.

    ApiError                 any refusal: HTTP status, type, code, param, message
      +- invalid()           400 invalid_request_error
      +- missing()           404 (in the path) or 400 (in a parameter) resource_missing
      +- CardError           402 card_error, with the decline code

Messages follow Stripe's wording (docs: "Error codes", "Decline codes"), because programs and people search for them.
"""

from __future__ import annotations

from typing import Any

from .objects import Object


class ApiError(Exception):
    """A refusal. `keep` says that what happened until then (a failed charge, say) stays; otherwise it is undone."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",  # noqa: A002 - the name is Stripe's
        code: str | None = None,
        param: str | None = None,
        keep: bool = False,
        replayable: bool = True,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.keep = keep
        self.replayable = replayable
        self.headers = headers or {}
        self.extra = extra or {}

    def envelope(self) -> Object:
        """The JSON body, with only the fields that apply."""
        fields = {"code": self.code, "message": self.message, "param": self.param, "type": self.type, **self.extra}
        if self.code:
            fields["doc_url"] = f"https://docs.stripe.com/error-codes#{self.code.replace('_', '-')}"
        return {"error": {name: value for name, value in fields.items() if value is not None}}


class CardError(ApiError):
    """The card was refused. HTTP 402, code and decline_code as in Stripe's "Decline codes"."""

    def __init__(
        self, message: str, *, code: str, decline_code: str | None = None, keep: bool = True, **extra: Any
    ) -> None:
        super().__init__(
            message,
            status=402,
            type="card_error",
            code=code,
            keep=keep,
            extra={"decline_code": decline_code, **extra},
        )
        self.decline_code = decline_code


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """400: the request can never work as it stands."""
    return ApiError(message, param=param, code=code)


def missing_param(param: str) -> ApiError:
    """400 parameter_missing."""
    return ApiError(f"Missing required param: {param}.", param=param, code="parameter_missing", replayable=False)


def missing(noun: str, object_id: str, param: str = "id") -> ApiError:
    """resource_missing: 404 when the id stands in the path, 400 when a parameter names it."""
    status = 404 if param == "id" else 400
    return ApiError(f"No such {noun}: '{object_id}'", status=status, param=param, code="resource_missing")
