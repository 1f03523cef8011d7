"""queues; agents' skills with levels, their queues and capacity, reasons of states"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "queue",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("agent_profile", sa.Column("reason", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("agent_profile", sa.Column("queues", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("agent_profile", sa.Column("voice_capacity", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("agent_profile", sa.Column("chat_capacity", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("agent_state_event", sa.Column("reason", sa.String(length=64), nullable=False, server_default=""))


def downgrade() -> None:
    """Take back."""
    op.drop_column("agent_state_event", "reason")
    for column in ("chat_capacity", "voice_capacity", "queues", "reason"):
        op.drop_column("agent_profile", column)
    op.drop_table("queue")
