//! The ledger's tables for Diesel; `migrations/` has their definitions and documents each column.
#![expect(missing_docs, reason = "the columns are documented in the migrations")]

diesel::table! {
    import_runs (id) {
        id -> Text,
        kind -> Text,
        status -> Text,
        layout -> Text,
        layout_digest -> Text,
        source -> Text,
        actor -> Text,
        reason -> Nullable<Text>,
        os_user -> Text,
        host -> Text,
        db_user -> Nullable<Text>,
        tool_version -> Text,
        started_at -> Text,
        finished_at -> Nullable<Text>,
        counts -> Nullable<Text>,
        archive -> Nullable<Text>,
        parent_run_id -> Nullable<Text>,
    }
}

diesel::table! {
    source_files (id) {
        id -> BigInt,
        run_id -> Text,
        path -> Text,
        sha256 -> Nullable<Text>,
        bytes -> BigInt,
        modified_at -> Nullable<Text>,
        records -> BigInt,
        rejected -> BigInt,
    }
}

diesel::table! {
    row_sources (source_file_id, position) {
        source_file_id -> BigInt,
        position -> BigInt,
        table_name -> Text,
        identity -> Binary,
        identity_start -> BigInt,
        record_id -> Text,
        pointer -> Text,
        part -> Nullable<Integer>,
        digest -> Binary,
        gone_run_id -> Nullable<Text>,
    }
}

diesel::table! {
    rejects (id) {
        id -> BigInt,
        source_file_id -> BigInt,
        record -> Nullable<Text>,
        pointer -> Nullable<Text>,
        line -> Nullable<BigInt>,
        column -> Nullable<BigInt>,
        rule -> Text,
        message -> Text,
    }
}

diesel::table! {
    conversions (id) {
        id -> BigInt,
        run_id -> Text,
        table_name -> Text,
        record_id -> Text,
        column_name -> Text,
        rule -> Text,
        source_text -> Text,
        stored_text -> Text,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        table_name -> Text,
        record_id -> Text,
        action -> Text,
        old_value -> Nullable<Text>,
        new_value -> Nullable<Text>,
        changed_at -> Text,
        changed_by -> Text,
        run_id -> Nullable<Text>,
        source_file_id -> Nullable<BigInt>,
        db_user -> Nullable<Text>,
    }
}

diesel::table! {
    audit_context (one) {
        one -> Integer,
        run_id -> Text,
        changed_by -> Text,
        changed_at -> Text,
        source_file_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit_seals (number) {
        number -> BigInt,
        hash -> Text,
        run_id -> Nullable<Text>,
        first_entry_id -> Nullable<BigInt>,
        last_entry_id -> Nullable<BigInt>,
        sealed_at -> Text,
        header -> Text,
    }
}

diesel::table! {
    row_sources_replaced (id) {
        id -> BigInt,
        run_id -> Text,
        change -> Text,
        source_file_id -> BigInt,
        position -> BigInt,
        table_name -> Text,
        identity -> Binary,
        identity_start -> BigInt,
        record_id -> Text,
        pointer -> Text,
        part -> Nullable<Integer>,
        digest -> Binary,
        gone_run_id -> Nullable<Text>,
    }
}

diesel::table! {
    audit_seal_blocks (seal, position) {
        seal -> BigInt,
        position -> BigInt,
        hash -> Binary,
        tags -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    import_runs,
    source_files,
    row_sources,
    rejects,
    conversions,
    audit_log,
    audit_context,
    audit_seals,
    audit_seal_blocks,
    row_sources_replaced,
);
diesel::joinable!(source_files -> import_runs (run_id));
diesel::joinable!(row_sources -> source_files (source_file_id));
diesel::joinable!(rejects -> source_files (source_file_id));
