"""Syntax trees to Python source.

The layers: ``contexts`` takes rule contexts apart; ``expressions`` (with ``paths``, ``operators``, ``calls``,
``conversions``) turns an XPath expression into typed source; ``bodies`` does the same for XSLT's instructions;
``module`` writes the functions of one schema and ``packing`` the module of a pack with the data beside it.

Nothing of a pack reaches the source but through ``repr()`` of strings and numbers; names in it are counted.
"""
