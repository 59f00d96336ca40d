"""overlays, and what a plan was made with"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _guard() -> None:
    """The database itself refuses to change or delete a version."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER overlay_version_no_{verb.lower()} BEFORE {verb} ON overlay_version "
                "BEGIN SELECT RAISE(ABORT, 'overlay_version is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION overlay_version_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'overlay_version is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER overlay_version_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON overlay_version "
        "FOR EACH STATEMENT EXECUTE FUNCTION overlay_version_refuse()"
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "overlay",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("retired_by", BIG, nullable=True),
        sa.CheckConstraint("retired_by is null or retired_at is not null", name=op.f("ck_overlay_retired")),
        sa.ForeignKeyConstraint(
            ["retired_by"], ["user_account.id"], name=op.f("fk_overlay_retired_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlay")),
        sa.UniqueConstraint("name", name=op.f("uq_overlay_name")),
    )
    op.create_table(
        "overlay_version",
        sa.Column("id", BIG, nullable=False),
        sa.Column("overlay_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("clusters", sa.Text(), nullable=False),
        sa.Column("imported_by", BIG, nullable=True),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["user_account.id"], name=op.f("fk_overlay_version_imported_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["overlay_id"], ["overlay.id"], name=op.f("fk_overlay_version_overlay_id_overlay")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlay_version")),
        sa.UniqueConstraint("overlay_id", "number", name=op.f("uq_overlay_version_overlay_id_number")),
    )
    op.create_table(
        "plan_basis",
        sa.Column("session_id", BIG, autoincrement=False, nullable=False),
        sa.Column("overlay_version_id", BIG, nullable=True),
        sa.Column("literal", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("chosen_by", BIG, nullable=True),
        sa.Column("chosen_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(literal is null) = (reason is null)", name=op.f("ck_plan_basis_reason")),
        sa.CheckConstraint("(literal is null) = (chosen_by is null)", name=op.f("ck_plan_basis_chosen_by")),
        sa.CheckConstraint("(literal is null) = (chosen_at is null)", name=op.f("ck_plan_basis_chosen_at")),
        sa.ForeignKeyConstraint(
            ["chosen_by"], ["user_account.id"], name=op.f("fk_plan_basis_chosen_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["overlay_version_id"],
            ["overlay_version.id"],
            name=op.f("fk_plan_basis_overlay_version_id_overlay_version"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_plan_basis_session_id_session")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_plan_basis")),
    )
    _guard()


def downgrade() -> None:
    """Take back."""
    op.drop_table("plan_basis")
    op.drop_table("overlay_version")
    op.drop_table("overlay")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION overlay_version_refuse()")
