"""The chart on Home as a picture, for Slack to fetch."""

from __future__ import annotations

from flask import Blueprint, Response

from billing import homes
from billing.ports import Store
from billing.steps import NOBODY
from blocks.charts import picture
from handlers.charts import Charts

PATH = "/charts"


def chart_pages(store: Store, charts: Charts) -> Blueprint:
    """`GET /charts/TOKEN.png`"""
    blueprint = Blueprint("charts", __name__, url_prefix=PATH)

    @blueprint.get("/<token>.png")
    def chart(token: str) -> Response:
        with store.reading(NOBODY) as uow:
            shown = charts.opened(token, uow.now)
            days = homes.days(uow, shown.last) if shown else ()
        if shown is None:
            return Response("", 404, {"Cache-Control": "no-store"})
        answer = Response(picture(days, shown.locale), mimetype="image/png")
        answer.headers["Cache-Control"] = "private, max-age=300"
        return answer

    @blueprint.after_request
    def keep_to_themselves(response: Response) -> Response:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return blueprint
