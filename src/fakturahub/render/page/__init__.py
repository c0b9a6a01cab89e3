"""A sheet as an A4 page: PDF/A-3b, with the files that belong to the document inside."""

from fakturahub.render.page.compiling import TEMPLATE_VERSION, pdf
from fakturahub.render.page.embedding import EmbeddedFile
from fakturahub.render.page.logos import check_logo

__all__ = ["TEMPLATE_VERSION", "EmbeddedFile", "check_logo", "pdf"]
