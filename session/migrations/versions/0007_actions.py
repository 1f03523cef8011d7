"""runs of workflows, choices of experiments, events by type"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "workflow_run",
        sa.Column("id", sa.String(length=160), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.String(length=128), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("approved_step", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("undone", sa.JSON(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=128), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_workflow_run_contact_id", "workflow_run", ["contact_id"])
    op.create_index("ix_workflow_run_status", "workflow_run", ["status"])
    op.create_table(
        "experiment_choice",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("promoted", sa.String(length=64), nullable=False),
        sa.Column("stopped", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_event_type_seq", "event", ["type", "seq"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_event_type_seq", table_name="event")
    op.drop_table("experiment_choice")
    op.drop_table("workflow_run")
