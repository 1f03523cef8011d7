"""an affect row may be there before the words of its utterance, names its contact, and is one for each utterance"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAMES = {"fk": "fk_%(table_name)s_%(column_0_name)s"}


def _of_utterances() -> str:
    """Name of the foreign key to utterances; SQLite knows none, there the batch gives it one."""
    keys = sa.inspect(op.get_bind()).get_foreign_keys("affect_event")
    return next(key["name"] for key in keys if key["referred_table"] == "utterance") or "fk_affect_event_utterance_id"


def upgrade() -> None:
    """Apply."""

    with op.batch_alter_table("affect_event", schema=None, naming_convention=NAMES) as batch_op:
        batch_op.drop_constraint(_of_utterances(), type_="foreignkey")
        batch_op.add_column(sa.Column("contact_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("event_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    op.execute(
        "UPDATE affect_event SET contact_id = "
        "(SELECT utterance.contact_id FROM utterance WHERE utterance.id = affect_event.utterance_id)"
    )
    op.execute(
        "DELETE FROM affect_event WHERE contact_id IS NULL "
        "OR id NOT IN (SELECT max(id) FROM affect_event GROUP BY utterance_id)"
    )
    with op.batch_alter_table("affect_event", schema=None) as batch_op:
        batch_op.alter_column("contact_id", existing_type=sa.String(length=36), nullable=False)
        batch_op.create_foreign_key("fk_affect_event_contact", "contact", ["contact_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_affect_event_contact_id"), ["contact_id"], unique=False)
        batch_op.drop_index(batch_op.f("ix_affect_event_utterance_id"))
        batch_op.create_index(batch_op.f("ix_affect_event_utterance_id"), ["utterance_id"], unique=True)


def downgrade() -> None:
    """Take back."""

    op.execute("DELETE FROM affect_event WHERE utterance_id NOT IN (SELECT id FROM utterance)")
    with op.batch_alter_table("affect_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_affect_event_utterance_id"))
        batch_op.create_index(batch_op.f("ix_affect_event_utterance_id"), ["utterance_id"], unique=False)
        batch_op.drop_index(batch_op.f("ix_affect_event_contact_id"))
        batch_op.drop_constraint("fk_affect_event_contact", type_="foreignkey")
        batch_op.create_foreign_key("affect_event_utterance_id_fkey", "utterance", ["utterance_id"], ["id"])
        batch_op.drop_column("event_seq")
        batch_op.drop_column("contact_id")
