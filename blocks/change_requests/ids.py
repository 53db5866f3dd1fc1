"""Ids of everything that can be pressed or submitted about change requests."""

from __future__ import annotations

from blocks import ways


class Id:
    OPEN = ways.TO_REQUEST  # button; value: the request, as of all buttons that begin with `request.`
    APPROVE = "request.approve"
    REJECT = "request.reject"
    ASK = "request.ask"
    ANSWER = "request.answer"
    WITHDRAW = "request.withdraw"
    KEEP = ways.TO_KEEP

    PAGE = "request"  # callback
    REJECTION = "request.rejection"  # callbacks of forms; metadata: request; field: note
    QUESTION = "request.question"
    REPLY = "request.reply"
    OVERRIDE = "request.override"

    LIST = "requests"  # callback; metadata: filter, trail (where each page began, the current one last)
    LISTED = ways.TO_APPROVALS  # button; value: a RequestFilter
    FILTER = "requests.filter"  # menu; value: a RequestFilter
    FURTHER = "requests.further"  # button; value: where the next page begins
    BACK = "requests.back"  # button; the page before is the trail without its last
    EXPORT = "requests.export"  # button; value: a RequestFilter
