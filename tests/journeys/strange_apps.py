"""Apps of nobody's, put beside ours for one test, in versions that the test writes."""

import os
from collections.abc import Mapping
from pathlib import Path

OPENING = (
    'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "{number:04d}"\ndown_revision = {before}\n'
)
OUTBOX = """
def upgrade():
    op.create_table(
        "{app}_outbox",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(26), nullable=False, unique=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table("{app}_thing", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO {app}_thing VALUES (1)")
"""
ADDING = """
def upgrade():
    op.execute("ALTER TABLE {app}_thing ADD COLUMN colour INTEGER")
    op.execute("INSERT INTO {app}_thing (id) VALUES (2)")
"""
FAILING = """
def upgrade():
    op.execute("INSERT INTO {app}_thing (id) VALUES (3)")
    op.execute("INSERT INTO no_such_table VALUES (1)")
"""
SLOW = """
import time

def upgrade():
    op.execute("INSERT INTO {app}_thing (id) VALUES (4)")
    time.sleep(60)
"""


class StrangeApps:
    """Packages in `folder`, found by a distribution of their own when it is on the path."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        information = folder / "strange-1.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1\n")
        lines = [f"{name} = {name}:app" for name in names]
        (information / "entry_points.txt").write_text("\n".join(["[synfonium.apps]", *lines, ""]))
        for name in names:
            (folder / name / "migrations").mkdir(parents=True)
            self.write(name, "__init__.py", APP.format(name=name, title=name.title(), more=""))
            self.migrate(name, 1, OUTBOX)

    def write(self, name: str, file: str, content: str) -> None:
        (self.folder / name / file).write_text(content)

    def migrate(self, name: str, number: int, body: str) -> None:
        before = f'"{number - 1:04d}"' if number > 1 else "None"
        opening = OPENING.format(number=number, before=before)
        self.write(name, f"migrations/{number:04d}_step.py", opening + body.format(app=name))

    def forget(self, name: str, number: int) -> None:
        (self.folder / name / "migrations" / f"{number:04d}_step.py").unlink()

    @property
    def environment(self) -> Mapping[str, str]:
        path = os.pathsep.join(filter(None, [str(self.folder), os.environ.get("PYTHONPATH", "")]))
        return {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


APP = """
from synfonium.kernel.app import App, Command, Subscription

app = App(name="{name}", title="{title}", role="worker", migrations=True, {more})
"""
