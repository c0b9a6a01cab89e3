"""A noun as a page: PDF/A-3, pictures and HTML."""
