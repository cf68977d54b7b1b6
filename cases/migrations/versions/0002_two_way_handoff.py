"""Two-way handoff: what staff wrote, how far channels were read, files, candidates, answers by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff_inbox",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "external_id", name="pk_staff_inbox"),
    )
    op.create_index("ix_staff_inbox_at", "staff_inbox", ["at"])
    op.create_table(
        "channel_positions",
        sa.Column("channel", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_channel_positions"),
    )
    op.create_table(
        "attachments",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_attachments_case_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token", name="pk_attachments"),
    )
    op.create_index("ix_attachments_case_id", "attachments", ["case_id"])
    op.create_table(
        "candidates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=120), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_candidates"),
    )
    _directions("'to_staff', 'to_user', 'by_mail'")


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE direction = 'by_mail'")
    _directions("'to_staff', 'to_user'")
    for table in ("candidates", "attachments", "channel_positions", "staff_inbox"):
        op.drop_table(table)


def _directions(words: str) -> None:
    """Let the outbox take these directions."""
    # the first migration named it so
    name, condition = op.f("ck_outbox_ck_outbox_direction"), f"direction IN ({words})"
    with op.batch_alter_table("outbox") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
