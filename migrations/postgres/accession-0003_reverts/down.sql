DROP TABLE row_sources_replaced;
