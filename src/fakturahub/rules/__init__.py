"""Official rules: Schematron compiled to Python, and documents held against it.

Pure: pack bytes in, findings out.
"""
