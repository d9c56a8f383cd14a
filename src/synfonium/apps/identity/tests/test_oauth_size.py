"""The provider stays small enough to be read in an afternoon."""

import ast
from pathlib import Path

ROOMS = Path(__file__).parents[1]
MOST_LINES = 2500


def code_lines(path: Path) -> int:
    """Lines that do something: no blank ones, no comments, no docstrings."""
    text = path.read_text(encoding="utf-8")
    said: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                said |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in said
        for number, line in lines
    )


def test_the_provider_is_no_more_than_2500_lines_of_code() -> None:
    files = sorted(ROOMS.glob("*/oauth/*.py"))
    assert len(files) > 20
    total = sum(map(code_lines, files))
    assert total <= MOST_LINES, f"{total} lines: leave something out, or move what is not the protocol"
