"""Invoices and credit notes as their buyer gets them: a page, a PDF, and the mails that bring them.

`sheet` puts a document into its language, `printing` makes the page and the PDF of it, `mails` the mails.
"""

from blocks.documents.printing import file_name, page, pdf

__all__ = ["file_name", "page", "pdf"]
