"""the first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


GUARDED = (("audit_event", "append-only"), ("plan", "immutable"))


def _guard(table: str, word: str) -> None:
    """The database itself refuses to change or delete these rows."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is {word}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is {word}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )


def _unguard(table: str) -> None:
    """Take the guard's function back; its triggers go with the table."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"DROP FUNCTION {table}_refuse()")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_audit_event_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_action"), ["action"], unique=False)
        batch_op.create_index("ix_audit_event_session", ["session_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_subject"), ["subject"], unique=False)

    op.create_table(
        "cluster",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster")),
        sa.UniqueConstraint("name", name=op.f("uq_cluster_name")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("digest", name=op.f("uq_plan_digest")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
        sa.UniqueConstraint("name", "address", name=op.f("uq_sign_in_failure_name_address")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=128), nullable=False),
        sa.Column("roles", sa.String(length=200), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("name", name=op.f("uq_user_account_name")),
    )
    op.create_table(
        "host_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.String(length=1000), nullable=False),
        sa.Column("fingerprint", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("(state = 'offered') = (accepted_at is null)", name=op.f("ck_host_key_accepted")),
        sa.CheckConstraint("state in ('offered', 'accepted', 'replaced')", name=op.f("ck_host_key_state")),
        sa.ForeignKeyConstraint(
            ["accepted_by"], ["user_account.id"], name=op.f("fk_host_key_accepted_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_key")),
        sa.UniqueConstraint(
            "address", "port", "public_key", name=op.f("uq_host_key_address_port_public_key")
        ),
    )
    with op.batch_alter_table("host_key", schema=None) as batch_op:
        batch_op.create_index(
            "uq_host_key_accepted",
            ["address", "port"],
            unique=True,
            sqlite_where=sa.text("state = 'accepted'"),
            postgresql_where=sa.text("state = 'accepted'"),
        )

    op.create_table(
        "login",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_login_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_token_hash")),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cluster_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cluster_version", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("patch_file", sa.String(length=1000), nullable=True),
        sa.Column("patch_sha256", sa.String(length=64), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=True),
        sa.Column("window_end", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("advance_no", sa.Integer(), nullable=False),
        sa.Column("driver_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("submitted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("approval_digest", sa.String(length=80), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("started_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("abort_reason", sa.Text(), nullable=True),
        sa.Column("resting_state", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'aborted') = (abort_reason is not null)", name=op.f("ck_session_aborted")
        ),
        sa.CheckConstraint("(state = 'paused') = (pause_reason is not null)", name=op.f("ck_session_paused")),
        sa.CheckConstraint(
            "(state in ('completed','aborted')) = (ended_at is not null)", name=op.f("ck_session_ended")
        ),
        sa.CheckConstraint(
            "(state in ('running','paused','completed')) <= (started_at is not null)",
            name=op.f("ck_session_started"),
        ),
        sa.CheckConstraint(
            "(state not in ('approved','running','paused','completed')) or (approval_digest is not null)",
            name=op.f("ck_session_approved"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'submitted', 'returned', 'approved', 'running', 'paused', 'completed', 'aborted')",
            name=op.f("ck_session_state"),
        ),
        sa.CheckConstraint(
            "(window_start is null) = (window_end is null) and (window_start is null or window_end > window_start)",
            name=op.f("ck_session_window"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["user_account.id"], name=op.f("fk_session_approved_by_user_account")
        ),
        sa.ForeignKeyConstraint(["cluster_id"], ["cluster.id"], name=op.f("fk_session_cluster_id_cluster")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_session_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["driver_id"], ["user_account.id"], name=op.f("fk_session_driver_id_user_account")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_session_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["started_by"], ["user_account.id"], name=op.f("fk_session_started_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["user_account.id"], name=op.f("fk_session_submitted_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(
            "uq_session_active_cluster",
            ["cluster_id"],
            unique=True,
            sqlite_where=sa.text("state in ('running', 'paused')"),
            postgresql_where=sa.text("state in ('running', 'paused')"),
        )

    op.create_table(
        "session_node",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_session_node_session_id_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_node")),
        sa.UniqueConstraint("session_id", "node", name=op.f("uq_session_node_session_id_node")),
    )
    with op.batch_alter_table("session_node", schema=None) as batch_op:
        batch_op.create_index(
            "uq_session_node_active",
            ["fingerprint"],
            unique=True,
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        )

    op.create_table(
        "step_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("awaiting", sa.String(length=16), nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("performer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("checker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("planned_start", sa.BigInteger(), nullable=True),
        sa.Column("planned_end", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'awaiting') = (awaiting is not null)", name=op.f("ck_step_run_awaiting")
        ),
        sa.CheckConstraint(
            "(state in ('succeeded','skipped','failed','unknown')) = (ended_at is not null)",
            name=op.f("ck_step_run_ended"),
        ),
        sa.CheckConstraint(
            "awaiting is null or awaiting in ('execute', 'tick', 'check', 'checker')",
            name=op.f("ck_step_run_awaiting_word"),
        ),
        sa.CheckConstraint(
            "state = 'pending' or state = 'skipped' or started_at is not null",
            name=op.f("ck_step_run_started"),
        ),
        sa.CheckConstraint(
            "state in ('pending', 'running', 'awaiting', 'succeeded', 'failed', 'skipped', 'unknown')",
            name=op.f("ck_step_run_state"),
        ),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["user_account.id"], name=op.f("fk_step_run_checker_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["user_account.id"], name=op.f("fk_step_run_performer_id_user_account")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_step_run_session_id_session")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_run")),
        sa.UniqueConstraint("session_id", "seq", name=op.f("uq_step_run_session_id_seq")),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind in ('skip','settle')) = (step_run_id is not null)", name=op.f("ck_approval_step")
        ),
        sa.CheckConstraint("(state = 'pending') = (decided_at is null)", name=op.f("ck_approval_pending")),
        sa.CheckConstraint(
            "(state in ('granted','denied')) = (decided_by is not null)", name=op.f("ck_approval_decided")
        ),
        sa.CheckConstraint("kind in ('start', 'skip', 'settle', 'extend')", name=op.f("ck_approval_kind")),
        sa.CheckConstraint(
            "state in ('pending', 'granted', 'denied', 'void')", name=op.f("ck_approval_state")
        ),
        sa.CheckConstraint(
            "decided_by is null or decided_by <> requested_by", name=op.f("ck_approval_four_eyes")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_approval_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_approval_requested_by_user_account")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_approval_session_id_session")),
        sa.ForeignKeyConstraint(
            ["step_run_id"], ["step_run.id"], name=op.f("fk_approval_step_run_id_step_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.create_index(
            "uq_approval_pending",
            ["session_id", "kind"],
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("cancel_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("cancel_asked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("exit_status", sa.Integer(), nullable=True),
        sa.Column("out_size", sa.BigInteger(), nullable=False),
        sa.Column("err_size", sa.BigInteger(), nullable=False),
        sa.Column("out_lines", sa.BigInteger(), nullable=False),
        sa.Column("err_lines", sa.BigInteger(), nullable=False),
        sa.Column("dropped", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("spool_removed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(exit_status is null) or state in ('succeeded','failed','timed_out','cancelled')",
            name=op.f("ck_attempt_exit"),
        ),
        sa.CheckConstraint(
            "(state in ('queued', 'running')) = (ended_at is null)", name=op.f("ck_attempt_ended")
        ),
        sa.CheckConstraint(
            "state in ('queued', 'running', 'succeeded', 'failed', 'unreachable', 'timed_out', 'cancelled', 'unknown')",
            name=op.f("ck_attempt_state"),
        ),
        sa.CheckConstraint(
            "state not in ('queued','unreachable') or begun_at is null", name=op.f("ck_attempt_begun")
        ),
        sa.CheckConstraint(
            "state not in ('running','timed_out','unknown') or begun_at is not null",
            name=op.f("ck_attempt_sent"),
        ),
        sa.CheckConstraint("claimed_at is null or begun_at is not null", name=op.f("ck_attempt_claimed")),
        sa.ForeignKeyConstraint(
            ["cancel_asked_by"], ["user_account.id"], name=op.f("fk_attempt_cancel_asked_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_attempt_requested_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["step_run_id"], ["step_run.id"], name=op.f("fk_attempt_step_run_id_step_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("key", name=op.f("uq_attempt_key")),
        sa.UniqueConstraint("step_run_id", "number", name=op.f("uq_attempt_step_run_id_number")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(
            "uq_attempt_open",
            ["step_run_id"],
            unique=True,
            sqlite_where=sa.text("state in ('queued', 'running')"),
            postgresql_where=sa.text("state in ('queued', 'running')"),
        )

    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by"], ["user_account.id"], name=op.f("fk_evidence_added_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["step_run_id"], ["step_run.id"], name=op.f("fk_evidence_step_run_id_step_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_step_run_id"), ["step_run_id"], unique=False)

    op.create_table(
        "outage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site", sa.String(length=100), nullable=False),
        sa.Column("last_up", sa.BigInteger(), nullable=False),
        sa.Column("first_up", sa.BigInteger(), nullable=True),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_run_id"], ["step_run.id"], name=op.f("fk_outage_step_run_id_step_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
    )
    with op.batch_alter_table("outage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outage_step_run_id"), ["step_run_id"], unique=False)

    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.Column("parser", sa.String(length=64), nullable=False),
        sa.Column("output", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("purpose in ('interlock', 'before', 'check')", name=op.f("ck_reading_purpose")),
        sa.CheckConstraint("verdict in ('pass', 'fail', 'unknown')", name=op.f("ck_reading_verdict")),
        sa.ForeignKeyConstraint(
            ["step_run_id"], ["step_run.id"], name=op.f("fk_reading_step_run_id_step_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_step_run_id"), ["step_run_id"], unique=False)

    op.create_table(
        "sign_off",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role in ('performer', 'checker')", name=op.f("ck_sign_off_role")),
        sa.ForeignKeyConstraint(
            ["step_run_id"], ["step_run.id"], name=op.f("fk_sign_off_step_run_id_step_run")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sign_off_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_off")),
        sa.UniqueConstraint("step_run_id", "role", name=op.f("uq_sign_off_step_run_id_role")),
    )
    op.create_table(
        "output_chunk",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stream", sa.String(length=3), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("stream in ('out', 'err')", name=op.f("ck_output_chunk_stream")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_output_chunk_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_output_chunk")),
        sa.UniqueConstraint(
            "attempt_id", "stream", "offset", name=op.f("uq_output_chunk_attempt_id_stream_offset")
        ),
    )

    for table, word in GUARDED:
        _guard(table, word)


def downgrade() -> None:
    """Take back."""
    op.drop_table("output_chunk")
    op.drop_table("sign_off")
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reading_step_run_id"))

    op.drop_table("reading")
    with op.batch_alter_table("outage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outage_step_run_id"))

    op.drop_table("outage")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_step_run_id"))

    op.drop_table("evidence")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_attempt_open",
            sqlite_where=sa.text("state in ('queued', 'running')"),
            postgresql_where=sa.text("state in ('queued', 'running')"),
        )

    op.drop_table("attempt")
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_approval_pending",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.drop_table("approval")
    op.drop_table("step_run")
    with op.batch_alter_table("session_node", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_session_node_active", sqlite_where=sa.text("active"), postgresql_where=sa.text("active")
        )

    op.drop_table("session_node")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_session_active_cluster",
            sqlite_where=sa.text("state in ('running', 'paused')"),
            postgresql_where=sa.text("state in ('running', 'paused')"),
        )

    op.drop_table("session")
    op.drop_table("login")
    with op.batch_alter_table("host_key", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_host_key_accepted",
            sqlite_where=sa.text("state = 'accepted'"),
            postgresql_where=sa.text("state = 'accepted'"),
        )

    op.drop_table("host_key")
    op.drop_table("user_account")
    op.drop_table("sign_in_failure")
    op.drop_table("plan")
    op.drop_table("cluster")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_subject"))
        batch_op.drop_index("ix_audit_event_session")
        batch_op.drop_index(batch_op.f("ix_audit_event_action"))

    op.drop_table("audit_event")

    for table, _ in GUARDED:
        _unguard(table)
