"""Arithmetic by a Pratt parser over Decimal: bounded in length, depth, digits and exponents."""

import math
import re
from collections.abc import Callable
from decimal import Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow

from synfonium.apps.search.service.answers.numbers import NUMBER, read_number

MOST_TOKENS = 120
DEEPEST = 40
LARGEST_FACTORIAL = 400
LARGEST_ANGLE = Decimal(10) ** 15
CONTEXT = Context(prec=60, Emax=1000, Emin=-1000, traps=[DivisionByZero, InvalidOperation, Overflow])
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
E = Decimal("2.71828182845904523536028747135266249775724709369995957496697")

_TOKEN = re.compile(rf" *(?:({NUMBER})|([a-z]+)|(\*\*|[-+*/^()%!°√²³]))")
_NAMES = {"pi": PI, "π": PI, "e": E}
_POWERS = {"²": Decimal(2), "³": Decimal(3)}
_LEFT = {"+": 10, "-": 10, "*": 20, "/": 20, "mod": 20, "of": 25, "^": 40}
_NEGATION, _IMPLICIT, _POSTFIX = 30, 35, 50


class NotAnExpression(ValueError):
    """The text is no arithmetic, or its value has no place here (1/0, 10^9^9)."""


def value_of(text: str, locale: str) -> Decimal:
    """Raises NotAnExpression. text: folded, its words already signs (see `calculator`)."""
    parser = _Parser(_tokens(text, locale))
    try:
        value = parser.whole()
    except (DecimalException, OverflowError, ValueError) as wrong:
        raise NotAnExpression from wrong
    if not value.is_finite():
        raise NotAnExpression
    return value


def _tokens(text: str, locale: str) -> list[Decimal | str]:
    found: list[Decimal | str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match or len(found) >= MOST_TOKENS:
            raise NotAnExpression
        number, name, sign = match.groups()
        value = read_number(number, locale) if number else None
        if number and value is None:
            raise NotAnExpression
        found.append(value if value is not None else name or ("^" if sign == "**" else sign))
        at = match.end()
    return found


class _Parser:
    """Percents are numbers with a mark: `150 + 20 %` adds a share of 150, `20 % of 150` is one."""

    def __init__(self, tokens: list[Decimal | str]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0
        self._is_percent = False

    def whole(self) -> Decimal:
        value = self._expression(0)
        if self._at != len(self._tokens):
            raise NotAnExpression
        return value

    def _next(self) -> Decimal | str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _after(self) -> Decimal | str | None:
        return self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None

    def _take(self) -> Decimal | str | None:
        token = self._next()
        self._at += 1
        return token

    def _expression(self, least: int) -> Decimal:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotAnExpression
        left = self._prefix()
        while (step := self._step(least)) is not None:
            left = step(left)
        self._depth -= 1
        return left

    def _prefix(self) -> Decimal:
        token = self._take()
        self._is_percent = False
        if isinstance(token, Decimal):
            return token
        if token == "(":
            return self._parenthesis()
        if token in ("-", "+"):
            value = self._expression(_NEGATION)
            return -value if token == "-" else value
        if token == "√":
            return CONTEXT.sqrt(self._expression(_IMPLICIT))
        if token in _NAMES:
            return _NAMES[token]
        if token in _FUNCTIONS and self._next() == "(":
            self._take()
            return _FUNCTIONS[token](self._parenthesis())
        raise NotAnExpression

    def _parenthesis(self) -> Decimal:
        value = self._expression(0)
        if self._take() != ")":
            raise NotAnExpression
        self._is_percent = False
        return value

    def _step(self, least: int) -> Callable[[Decimal], Decimal] | None:
        """What the next sign does with what stands left of it; None when the expression ends here."""
        token = self._next()
        if token is None or token == ")":
            return None
        if token == "%" and isinstance(self._after(), Decimal):
            return self._infix("mod") if _LEFT["mod"] > least else None
        if token in ("!", "°", "²", "³", "%"):
            return self._postfix(str(token))
        if isinstance(token, str) and token in _LEFT:
            return self._infix(token) if _LEFT[token] > least else None
        starts_here = token in ("(", "√") or (isinstance(token, str) and token.isalpha())
        if not starts_here or self._is_percent:
            raise NotAnExpression
        return self._implicit if least < _IMPLICIT else None

    def _postfix(self, sign: str) -> Callable[[Decimal], Decimal]:
        self._take()
        if sign == "%":
            self._is_percent = True
            return lambda left: CONTEXT.divide(left, Decimal(100))
        if sign in _POWERS:
            return lambda left: CONTEXT.power(left, _POWERS[sign])
        return _factorial if sign == "!" else _radians

    def _infix(self, sign: str) -> Callable[[Decimal], Decimal]:
        is_share = self._is_percent
        if sign == "of" and not is_share:
            raise NotAnExpression
        self._take()
        # The power is right-associative, and binds a sign after it: 2^-1.
        right = self._expression(_LEFT[sign] - 1 if sign == "^" else _LEFT[sign])
        adds_share = self._is_percent and not is_share and sign in "+-" and self._ends_sum()
        self._is_percent = False
        if adds_share:
            return lambda left: self._apply(sign, left, CONTEXT.multiply(left, right))
        return lambda left: self._apply(sign, left, right)

    def _ends_sum(self) -> bool:
        return self._next() in (None, ")", "+", "-")

    def _implicit(self, left: Decimal) -> Decimal:
        return CONTEXT.multiply(left, self._expression(_IMPLICIT))

    def _apply(self, sign: str, left: Decimal, right: Decimal) -> Decimal:
        if sign == "mod":
            return CONTEXT.subtract(left, CONTEXT.multiply(right, _floor(CONTEXT.divide(left, right))))
        act = {"+": CONTEXT.add, "-": CONTEXT.subtract, "/": CONTEXT.divide, "^": CONTEXT.power}
        return act.get(sign, CONTEXT.multiply)(left, right)


def _floor(value: Decimal) -> Decimal:
    return value.to_integral_value("ROUND_FLOOR", CONTEXT)


def _factorial(value: Decimal) -> Decimal:
    if value != value.to_integral_value() or not 0 <= value <= LARGEST_FACTORIAL:
        raise NotAnExpression
    return CONTEXT.create_decimal(math.factorial(int(value)))


def _radians(degrees: Decimal) -> Decimal:
    return CONTEXT.divide(CONTEXT.multiply(degrees, PI), Decimal(180))


def _by_float(function: Callable[[float], float]) -> Callable[[Decimal], Decimal]:
    """Fifteen digits, which is what is shown; sin(π) is nothing, not 1.2e-16."""

    def apply(value: Decimal) -> Decimal:
        if abs(value) > LARGEST_ANGLE:
            raise NotAnExpression
        return CONTEXT.create_decimal(repr(round(function(float(value)), 14)))

    return apply


def _tan(value: float) -> float:
    if abs(math.cos(value)) < 1e-15:
        raise NotAnExpression
    return math.tan(value)


_FUNCTIONS: dict[str, Callable[[Decimal], Decimal]] = {
    "sqrt": CONTEXT.sqrt,
    "abs": CONTEXT.abs,
    "ln": CONTEXT.ln,
    "log": CONTEXT.log10,
    "exp": CONTEXT.exp,
    "floor": _floor,
    "ceil": lambda value: value.to_integral_value("ROUND_CEILING", CONTEXT),
    "round": lambda value: value.to_integral_value("ROUND_HALF_UP", CONTEXT),
    "sin": _by_float(math.sin),
    "cos": _by_float(math.cos),
    "tan": _by_float(_tan),
    "asin": _by_float(math.asin),
    "acos": _by_float(math.acos),
    "atan": _by_float(math.atan),
}
FUNCTIONS = frozenset(_FUNCTIONS)
