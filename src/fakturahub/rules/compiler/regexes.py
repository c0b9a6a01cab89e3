"""``matches``, ``tokenize`` and ``replace``: regular expressions, translated when the pack is compiled where they are
literal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakturahub.rules.compiler.code import MANY, ONE, Code, NotCompiled, Scope
from fakturahub.rules.compiler.conversions import text_argument
from fakturahub.rules.runtime.errors import EvaluationError, UnsupportedRegex
from fakturahub.rules.runtime.regex import Use, compile_regex
from fakturahub.rules.xpath.syntax import Expr, Literal

if TYPE_CHECKING:
    from fakturahub.rules.compiler.expressions import Compiler


def pattern_call(compiler: Compiler, function: Use, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    """A call of *function*, one of matches, tokenize, replace."""
    text = text_argument(compiler.atoms(arguments[0], scope))
    kind, card = {"matches": ("boolean", ONE), "tokenize": ("string", MANY), "replace": ("string", ONE)}[function]
    if len(arguments) == 1:
        return Code(f"tokenize_words({text})", kind, card)
    flags_at = 3 if function == "replace" else 2
    flags = arguments[flags_at] if len(arguments) > flags_at else Literal("", "string")
    pattern = arguments[1]
    known = compiler.constant(pattern, scope)
    if known is not None and isinstance(flags, Literal) and isinstance(flags.value, str):
        try:
            compile_regex(known, flags.value, function)
        except UnsupportedRegex as refused:
            raise NotCompiled(f"the regular expression {known!r}: {refused.reason}") from None
        except EvaluationError as error:
            raise NotCompiled(f"the regular expression {known!r}: {error.message}") from None
        values = [text]
        if function == "replace":
            values.append(text_argument(compiler.atoms(arguments[2], scope)))
        name = compiler.regex(known, flags.value, function)
        return Code(f"{name}.{function}({', '.join(values)})", kind, card)
    raise NotCompiled(f"{function}() with a regular expression or flags that are not a literal")
