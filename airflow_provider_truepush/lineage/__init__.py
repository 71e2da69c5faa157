"""Asset events and OpenLineage facets of campaigns and exports."""
