"""Documents for customers: who has the link sees the page and gets the PDF."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from billing.catalogue import Business
from billing.documents import Document, DocumentKind
from billing.documents.sharing import opened
from billing.errors import NotFound
from billing.ports import DocumentSource, Store
from billing.steps import NOBODY
from blocks import documents, pages
from blocks.texts import LANGUAGES, Translator

_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
_NAMES = {kind: kind.value.replace("_", "-") for kind in DocumentKind}  # of the file in the address


def document_pages(store: Store, source: DocumentSource, business: Business) -> Blueprint:
    """`GET /d/TOKEN` and `GET /d/TOKEN/invoice.pdf` (or credit-note.pdf)."""
    blueprint = Blueprint("documents", __name__, url_prefix="/d")

    def find(token: str) -> Document | None:
        with store.reading(NOBODY) as uow:
            link = opened(uow, token)
            try:
                return source.document(uow, link.kind, link.document) if link else None
            except NotFound:
                return None

    @blueprint.get("/<token>")
    def page(token: str) -> Response:
        document = find(token)
        if document is None:
            return _no_document(business)
        address = url_for("documents.file", token=token, name=_NAMES[document.kind])
        return Response(documents.page(document, download=address))

    @blueprint.get("/<token>/<name>.pdf")
    def file(token: str, name: str) -> Response:
        document = find(token)
        if document is None or name != _NAMES[document.kind]:
            return _no_document(business)
        answer = Response(documents.pdf(document), mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'attachment; filename="{documents.file_name(document)}"'
        return answer

    @blueprint.after_request
    def keep_to_themselves(response: Response) -> Response:
        response.headers.update(_PRIVATE)
        return response

    return blueprint


def _no_document(business: Business) -> Response:
    """The same for a link that never was, has expired or was revoked."""
    language = request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
    page = Response(pages.no_document(business, Translator(language)), 404)
    page.vary.add("Accept-Language")
    return page
