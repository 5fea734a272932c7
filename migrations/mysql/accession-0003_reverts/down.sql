DROP TABLE IF EXISTS row_sources_replaced;
