DROP TABLE audit_seal_blocks;
DROP TABLE audit_seals;
