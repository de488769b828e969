-- A distributed table can have no trigger. There, the bins are guarded by the library, which deletes and
-- renames none, by a role without the right to, and by `verify`, which finds the damage.
DROP TRIGGER sharder_bin_stays ON sharder_bin;
DROP TRIGGER sharder_bin_changed ON sharder_bin;

-- Spreads the tables of PostgreSQL over the nodes of Citus. All rows of a kind are on one node, and
-- nearly every statement of the store runs there. Kinds come first, because bins and changes refer
-- to them.
SELECT create_distributed_table('sharder_kind', 'kind');
SELECT create_distributed_table('sharder_bin', 'kind', colocate_with => 'sharder_kind');
SELECT create_distributed_table('sharder_assignment', 'kind', colocate_with => 'sharder_kind');
SELECT create_distributed_table('sharder_change', 'kind', colocate_with => 'sharder_kind');
