"""consents as rows, which every affect row names; baselines of voices"""

import json
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""

    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=True),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"]),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_conversation_id"), ["conversation_id"], unique=False)
    op.create_table(
        "voice_baseline",
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("consent_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"]),
        sa.PrimaryKeyConstraint("customer_id"),
    )
    with op.batch_alter_table("voice_baseline", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_voice_baseline_consent_id"), ["consent_id"], unique=False)

    with op.batch_alter_table("affect_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consent_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("frustration", sa.Double(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("trend", sa.String(length=16), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("disagreement", sa.String(length=32), nullable=False, server_default=""))
    _name_consents(op.get_bind())
    with op.batch_alter_table("affect_event", schema=None) as batch_op:
        batch_op.alter_column("consent_id", existing_type=sa.String(length=36), nullable=False)
        for column, kind in (
            ("frustration", sa.Double()),
            ("trend", sa.String(length=16)),
            ("disagreement", sa.String(length=32)),
        ):
            batch_op.alter_column(column, existing_type=kind, existing_nullable=False, server_default=None)
        batch_op.create_foreign_key("fk_affect_event_consent", "consent", ["consent_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_affect_event_consent_id"), ["consent_id"], unique=False)


def _name_consents(connection: sa.Connection) -> None:
    """Affect rows of before get the consent that their conversation's events tell of; those without one go."""
    events = connection.execute(
        sa.text("SELECT conversation_id, contact_id, payload, at FROM event WHERE type = 'consent' ORDER BY seq")
    )
    for conversation_id, contact_id, payload, at in events.fetchall():
        told = json.loads(payload) if isinstance(payload, str) else payload
        for purpose in told.get("purposes", []):
            consent_id = str(uuid.uuid4())
            connection.execute(
                sa.text(
                    "INSERT INTO consent (id, conversation_id, contact_id, purpose, given, policy, wording, at) "
                    "VALUES (:id, :conversation, :contact, :purpose, :given, 'eu', :wording, :at)"
                ),
                {
                    "id": consent_id,
                    "conversation": conversation_id,
                    "contact": contact_id,
                    "purpose": purpose,
                    "given": bool(told.get("given")),
                    "wording": told.get("wording", ""),
                    "at": at,
                },
            )
            if purpose == "emotion" and told.get("given"):
                connection.execute(
                    sa.text(
                        "UPDATE affect_event SET consent_id = :id WHERE utterance_id IN (SELECT utterance.id FROM utterance "
                        "JOIN contact ON contact.id = utterance.contact_id WHERE contact.conversation_id = :conversation)"
                    ),
                    {"id": consent_id, "conversation": conversation_id},
                )
    connection.execute(sa.text("DELETE FROM affect_event WHERE consent_id IS NULL"))


def downgrade() -> None:
    """Take back."""

    with op.batch_alter_table("affect_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_affect_event_consent_id"))
        batch_op.drop_constraint("fk_affect_event_consent", type_="foreignkey")
        for column in ("disagreement", "trend", "frustration", "consent_id"):
            batch_op.drop_column(column)
    op.drop_table("voice_baseline")
    op.drop_table("consent")
