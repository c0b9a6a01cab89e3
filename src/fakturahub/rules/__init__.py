"""Official rules: Schematron compiled to Python, and documents checked against it. Pure: pack bytes in, findings out."""
