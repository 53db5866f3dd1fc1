"""Newest-first cursor pages, and the search language."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from .account import Account
from .errors import invalid, missing
from .objects import NOUNS, Object, page_of
from .routing import Params

_CLAUSE = re.compile(
    r"""\s*(?P<not>-)?(?P<field>[a-z_.]+)(?:\[(?P<q>["'])(?P<key>.*?)(?P=q)\])?\s*(?P<op>>=|<=|:|~|>|<)\s*"""
    r"""(?:"(?P<text>(?:[^"\\]|\\.)*)"|'(?P<text1>(?:[^'\\]|\\.)*)'|(?P<word>null|true|false|-?\d+))\s*""",
)

_NUMBER = re.compile(r"-?[0-9]{1,18}\Z")


def page(account: Account, kind: str, url: str, params: Params, *filters: str, **fixed: Any) -> Object:
    """One page of a type. `filters` names parameters that are indexed fields; `fixed` are filters of our own."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid(f"Invalid integer: {limit}. Must be between 1 and 100.", "limit", "parameter_invalid_integer")
    if "starting_after" in params and "ending_before" in params:
        raise invalid(
            "You may only provide one of these parameters: ending_before, starting_after.", code="parameters_exclusive"
        )
    for name in set(params) - {"limit", "starting_after", "ending_before", "created", *filters, *fixed}:
        raise invalid(f"The local Stripe does not filter this list by {name}.", name)
    wanted = {name: params[name] for name in filters if name in params}
    wanted.update(fixed)
    created = params.get("created")
    found = account.store.find(
        kind,
        wanted,
        limit=limit + 1,
        before=_cursor(account, kind, params, "starting_after"),
        after=_cursor(account, kind, params, "ending_before"),
        created={"eq": created} if isinstance(created, int) else created,
    )
    has_more = len(found) > limit
    data = found[1:] if has_more and "ending_before" in params else found[:limit]
    return page_of(data, url, has_more=has_more)


def _cursor(account: Account, kind: str, params: Params, name: str) -> int | None:
    if name not in params:
        return None
    position = account.store.position(params[name])
    if position is None:
        raise missing(NOUNS.get(kind, kind), params[name], name)
    return position


def page_of_list(entries: list[Object], url: str, params: Params) -> Object:
    """One page of a list inside an object, in its own order."""
    ids = [entry["id"] for entry in entries]
    if "starting_after" in params:
        if params["starting_after"] not in ids:
            raise missing("object", params["starting_after"], "starting_after")
        entries = entries[ids.index(params["starting_after"]) + 1 :]
    limit = params.get("limit", 10)
    return page_of(entries[:limit], url, has_more=len(entries) > limit)


def search(account: Account, kind: str, url: str, params: Params, fields: frozenset[str]) -> Object:
    """Stripe's search: clauses joined by AND or by OR, `field:"exact"`, `field~"part"`, `created>n`, a leading minus.

    Exact clauses on metadata and e-mail use the index. Raises 400 for a query that cannot be read.
    """
    clauses, joined_by_or = _parse(params["query"], fields)
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid(f"Invalid integer: {limit}", "limit", "parameter_invalid_integer")
    start = _page_start(params.get("page"))
    certain = [] if joined_by_or else [clause for clause in clauses if not clause["not"] and clause["word"] != "null"]
    candidates = account.store.each(kind, _exact(certain), containing=_parts(kind, certain))
    wanted = any if joined_by_or else all
    matching = (body for body in candidates if wanted(_matches(body, clause) for clause in clauses))
    found = list(islice(matching, start, start + limit + 1))
    data, more = found[:limit], len(found) > limit
    return {
        "object": "search_result",
        "data": data,
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "url": url,
    }


def _page_start(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isascii() or not token.isdigit() or len(token) > 9:
        raise invalid("Invalid page: use the next_page of an earlier answer.", "page")
    return int(token)


def _parse(query: str, fields: frozenset[str]) -> tuple[list[re.Match[str]], bool]:
    clauses, position, joins = [], 0, set()
    while position < len(query):
        match = _CLAUSE.match(query, position)
        if match is None:
            raise invalid("We were unable to parse your search query.", "query")
        if match["field"] not in fields:
            raise invalid(f"Field `{match['field']}` is an unsupported search field.", "query")
        clauses.append(match)
        position = match.end()
        join = re.compile(r"(AND|OR)\b|(?=\S)", re.IGNORECASE).match(query, position)
        if join is not None and position < len(query):
            joins.add((join[1] or "AND").upper())
            position = join.end()
    if not clauses:
        raise invalid("We were unable to parse your search query.", "query")
    if len(joins) > 1:
        raise invalid("You can't combine AND and OR in one search query.", "query")
    return clauses, joins == {"OR"}


def _value(clause: re.Match[str]) -> str:
    text = clause["text"] if clause["text"] is not None else clause["text1"]
    return re.sub(r"\\(.)", r"\1", text) if text is not None else clause["word"]


def _exact(clauses: list[re.Match[str]]) -> dict[str, str]:
    """What of a query the index answers alone."""
    exact = {}
    for clause in clauses:
        if clause["op"] != ":":
            continue
        if clause["field"] == "metadata" and clause["key"] is not None:
            exact[f"metadata.{clause['key']}"] = _value(clause)
        elif clause["field"] == "email":
            exact["search.email"] = _value(clause).lower()
    return exact


def _parts(kind: str, clauses: list[re.Match[str]]) -> dict[str, str]:
    """What of a query the index narrows down: parts of a customer's name, e-mail address and phone number."""
    if kind != "customer":
        return {}
    return {f"search.{c['field']}": _value(c).lower() for c in clauses if c["op"] == "~" and c["field"] in _IN_PARTS}


_IN_PARTS = frozenset({"email", "name", "phone"})


def _matches(body: Object, clause: re.Match[str]) -> bool:
    actual: Any = body
    for part in clause["field"].split("."):
        actual = actual.get(part) if isinstance(actual, dict) else None
    if clause["key"] is not None:
        actual = (actual or {}).get(clause["key"])
    wanted = _value(clause)
    if clause["word"] == "null":
        hit = actual is None
    elif isinstance(actual, bool):
        hit = clause["op"] == ":" and wanted == str(actual).lower()
    elif clause["op"] in (">", "<", ">=", "<="):
        hit = isinstance(actual, int) and bool(_NUMBER.match(wanted)) and _compare(actual, clause["op"], int(wanted))
    elif clause["op"] == "~":
        hit = isinstance(actual, str) and wanted.lower() in actual.lower()
    elif clause["field"] == "metadata":
        hit = actual == wanted
    else:
        hit = actual is not None and str(actual).lower() == wanted.lower()
    return hit != bool(clause["not"])


def _compare(actual: int, operator: str, wanted: int) -> bool:
    return {">": actual > wanted, "<": actual < wanted, ">=": actual >= wanted, "<=": actual <= wanted}[operator]
