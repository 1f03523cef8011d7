"""versions of flows: contents, numbered versions, what is live, plans, audit"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AUTO = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "flow_content",
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("flow_id", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tests", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("sha"),
    )
    op.create_index("ix_flow_content_flow_id", "flow_content", ["flow_id"])
    op.create_table(
        "flow_version",
        sa.Column("id", AUTO, autoincrement=True, nullable=False),
        sa.Column("flow_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["sha"], ["flow_content.sha"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("flow_id", "number", name="uq_flow_version_number"),
    )
    op.create_table(
        "flow_live",
        sa.Column("flow_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["sha"], ["flow_content.sha"]),
        sa.PrimaryKeyConstraint("flow_id"),
    )
    op.create_table(
        "flow_schedule",
        sa.Column("id", AUTO, autoincrement=True, nullable=False),
        sa.Column("flow_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due", TIME, nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_flow_schedule_flow_id", "flow_schedule", ["flow_id"])
    op.create_index("ix_flow_schedule_state", "flow_schedule", ["state"])
    op.create_table(
        "flow_audit",
        sa.Column("id", AUTO, autoincrement=True, nullable=False),
        sa.Column("flow_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("before_sha", sa.String(length=64), nullable=False),
        sa.Column("after_sha", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_flow_audit_flow_id", "flow_audit", ["flow_id", "id"])


def downgrade() -> None:
    """Take back."""
    for table in ("flow_audit", "flow_schedule", "flow_live", "flow_version", "flow_content"):
        op.drop_table(table)
