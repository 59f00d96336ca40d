"""packages, and their deliveries to nodes"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OVER = "('delivered','failed','unreachable')"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "package",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_by", BIG, nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_package_sha256")),
        sa.CheckConstraint("size > 0", name=op.f("ck_package_size")),
        sa.ForeignKeyConstraint(
            ["added_by"], ["user_account.id"], name=op.f("fk_package_added_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
        sa.UniqueConstraint("sha256", name=op.f("uq_package_sha256")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", BIG, nullable=False),
        sa.Column("session_id", BIG, nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=True),
        sa.Column("asked_by", BIG, nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('queued', 'running', 'delivered', 'failed', 'unreachable')",
            name=op.f("ck_delivery_state"),
        ),
        sa.CheckConstraint(f"(state in {OVER}) = (ended_at is not null)", name=op.f("ck_delivery_ended")),
        sa.CheckConstraint("state <> 'queued' or begun_at is null", name=op.f("ck_delivery_queued")),
        sa.CheckConstraint(
            "state not in ('running','delivered') or begun_at is not null", name=op.f("ck_delivery_begun")
        ),
        sa.CheckConstraint(
            "state not in ('queued','delivered') or problem is null", name=op.f("ck_delivery_no_problem")
        ),
        sa.CheckConstraint(
            "state not in ('failed','unreachable') or problem is not null", name=op.f("ck_delivery_problem")
        ),
        sa.CheckConstraint("done >= 0 and done <= size", name=op.f("ck_delivery_done")),
        sa.CheckConstraint("state <> 'delivered' or done = size", name=op.f("ck_delivery_whole")),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user_account.id"], name=op.f("fk_delivery_asked_by_user_account")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_delivery_session_id_session")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("session_id", "node", name=op.f("uq_delivery_session_id_node")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("delivery")
    op.drop_table("package")
