DROP TABLE IF EXISTS audit_seal_blocks;
DROP TABLE IF EXISTS audit_seals;
