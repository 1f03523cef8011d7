"""versions of flows hold everything that their calls depend on: texts by sha, and which of them make up a version"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OLD = sa.table("flow_content", *(sa.column(name, sa.Text()) for name in ("sha", "text", "tests")))
NEW = sa.table("flow_content", sa.column("sha", sa.Text()), sa.column("main", sa.Text()), sa.column("files", sa.JSON()))
FILE = sa.table("flow_file", sa.column("sha", sa.Text()), sa.column("text", sa.Text()))


def upgrade() -> None:
    """Apply. Texts that are there become versions without what lay beside them, since nobody knows what did.

    Columns are added and dropped one by one: other tables refer to this one, which a rebuilt table would not survive.
    """
    op.create_table(
        "flow_file",
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha"),
    )
    op.add_column("flow_content", sa.Column("main", sa.String(length=256), nullable=False, server_default=""))
    op.add_column("flow_content", sa.Column("files", sa.JSON(), nullable=False, server_default="{}"))
    bind = op.get_bind()
    texts: dict[str, str] = {}
    for sha, text, tests in bind.execute(sa.select(OLD.c.sha, OLD.c.text, OLD.c.tests)).all():
        found = {"": text, ".flowtest.yaml": tests} if tests else {"": text}
        files = {path: hashlib.sha256(content.encode()).hexdigest() for path, content in found.items()}
        texts |= {files[path]: content for path, content in found.items()}
        bind.execute(sa.update(NEW).where(NEW.c.sha == sha).values(files=files))
    if texts:
        bind.execute(sa.insert(FILE), [{"sha": sha, "text": text} for sha, text in texts.items()])
    op.execute("ALTER TABLE flow_content DROP COLUMN text")
    op.execute("ALTER TABLE flow_content DROP COLUMN tests")


def downgrade() -> None:
    """Take back; what lay beside the flows is lost."""
    op.add_column("flow_content", sa.Column("text", sa.Text(), nullable=False, server_default=""))
    op.add_column("flow_content", sa.Column("tests", sa.Text(), nullable=False, server_default=""))
    bind = op.get_bind()
    texts: dict[str, str] = {sha: text for sha, text in bind.execute(sa.select(FILE.c.sha, FILE.c.text)).all()}
    for sha, main, files in bind.execute(sa.select(NEW.c.sha, NEW.c.main, NEW.c.files)).all():
        tests = texts.get(files.get(f"{main.removesuffix('.yaml')}.flowtest.yaml", ""), "")
        bind.execute(sa.update(OLD).where(OLD.c.sha == sha).values(text=texts[files[main]], tests=tests))
    op.execute("ALTER TABLE flow_content DROP COLUMN main")
    op.execute("ALTER TABLE flow_content DROP COLUMN files")
    op.drop_table("flow_file")
