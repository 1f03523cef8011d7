"""what agents chose to do next, and their misses in a row"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("agent_profile", sa.Column("next_availability", sa.String(length=16), nullable=True))
    op.add_column("agent_profile", sa.Column("next_reason", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("agent_profile", sa.Column("missed", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take back."""
    for column in ("missed", "next_reason", "next_availability"):
        op.drop_column("agent_profile", column)
